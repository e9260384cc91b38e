"""The desk's rules, as data: which team answers which intent, and how soon.

The intents are those of both data sets that the classifier can be trained on: the first rows of
each entry are the shipped corpus', the others banking77's.
"""

from support_desk.tickets import Priority, Queue

SURE_ENOUGH = 0.3
"""Below this confidence a person reads the message before any team does."""

WORTH_A_GUESS = 0.1
"""Below this one the intent says nothing of how urgent the message is."""

RULES: dict[tuple[Queue, Priority], tuple[str, ...]] = {
    (Queue.FRAUD, Priority.URGENT): (
        "report_fraud",
        "card_payment_not_recognised",
        "cash_withdrawal_not_recognised",
        "compromised_card",
        "direct_debit_payment_not_recognised",
    ),
    (Queue.FRAUD, Priority.HIGH): ("suspicious_message",),
    (Queue.CARDS, Priority.URGENT): (
        "report_lost_card",
        "lost_or_stolen_card",
        "lost_or_stolen_phone",
    ),
    (Queue.CARDS, Priority.HIGH): (
        "card_declined",
        "cash_machine_problem",
        "card_not_working",
        "card_swallowed",
        "contactless_not_working",
        "declined_card_payment",
        "declined_cash_withdrawal",
        "pin_blocked",
        "virtual_card_not_working",
        "wrong_amount_of_cash_received",
    ),
    (Queue.CARDS, Priority.NORMAL): (
        "card_delivery",
        "pin_help",
        "replacement_card",
        "activate_my_card",
        "card_about_to_expire",
        "card_arrival",
        "card_linking",
        "card_payment_fee_charged",
        "card_payment_wrong_exchange_rate",
        "cash_withdrawal_charge",
        "change_pin",
        "pending_card_payment",
        "pending_cash_withdrawal",
        "reverted_card_payment?",
        "wrong_exchange_rate_for_cash_withdrawal",
    ),
    (Queue.CARDS, Priority.LOW): (
        "travel_notice",
        "apple_pay_or_google_pay",
        "atm_support",
        "card_acceptance",
        "card_delivery_estimate",
        "disposable_card_limits",
        "get_disposable_virtual_card",
        "get_physical_card",
        "getting_spare_card",
        "getting_virtual_card",
        "order_physical_card",
        "supported_cards_and_currencies",
        "visa_or_mastercard",
    ),
    (Queue.PAYMENTS, Priority.HIGH): (
        "dispute_charge",
        "duplicate_payment",
        "transfer_delayed",
        "balance_not_updated_after_bank_transfer",
        "balance_not_updated_after_cheque_or_cash_deposit",
        "cancel_transfer",
        "declined_transfer",
        "failed_transfer",
        "top_up_failed",
        "transaction_charged_twice",
        "transfer_not_received_by_recipient",
    ),
    (Queue.PAYMENTS, Priority.NORMAL): (
        "cheque_deposit",
        "direct_debit",
        "refund_missing",
        "send_money_abroad",
        "standing_order",
        "Refund_not_showing_up",
        "beneficiary_not_allowed",
        "exchange_charge",
        "extra_charge_on_statement",
        "pending_top_up",
        "pending_transfer",
        "request_refund",
        "top_up_by_bank_transfer_charge",
        "top_up_by_card_charge",
        "top_up_reverted",
        "transfer_fee_charged",
    ),
    (Queue.PAYMENTS, Priority.LOW): (
        "automatic_top_up",
        "exchange_rate",
        "exchange_via_app",
        "receiving_money",
        "top_up_by_cash_or_cheque",
        "top_up_limits",
        "topping_up_by_card",
        "transfer_into_account",
        "transfer_timing",
        "verify_top_up",
    ),
    (Queue.ACCOUNTS, Priority.NORMAL): (
        "close_account",
        "joint_account",
        "limit_change",
        "terminate_account",
    ),
    (Queue.ACCOUNTS, Priority.LOW): (
        "balance_enquiry",
        "open_account",
        "savings_rates",
        "statement_request",
        "age_limit",
        "country_support",
        "fiat_currency_support",
    ),
    (Queue.IDENTITY, Priority.HIGH): (
        "login_problem",
        "passcode_forgotten",
        "unable_to_verify_identity",
    ),
    (Queue.IDENTITY, Priority.NORMAL): (
        "change_address",
        "change_personal_details",
        "edit_personal_details",
        "verify_my_identity",
        "verify_source_of_funds",
    ),
    (Queue.IDENTITY, Priority.LOW): ("why_verify_identity",),
    (Queue.LENDING, Priority.NORMAL): ("mortgage", "overdraft", "personal_loan"),
    (Queue.CARE, Priority.HIGH): ("bereavement", "complaint", "financial_difficulty"),
    (Queue.GENERAL, Priority.LOW): ("book_appointment", "branch_info"),
}

UNKNOWN_INTENT = (Queue.GENERAL, Priority.NORMAL)
"""For an intent without a rule, such as one of a newer model."""

LEFT_TO_A_PERSON = (Queue.HUMAN_TRIAGE, Priority.HIGH)
"""For a message that no model could read."""

_BY_INTENT = {intent: place for place, intents in RULES.items() for intent in intents}


def decide(intent: str, confidence: float) -> tuple[Queue, Priority]:
    """Choose the team and the priority for a message of this intent."""
    queue, priority = _BY_INTENT.get(intent, UNKNOWN_INTENT)
    if confidence >= SURE_ENOUGH:
        return queue, priority
    # What might be urgent stays so, and nothing is put off on a guess.
    telling = confidence >= WORTH_A_GUESS and priority is not Priority.LOW
    return Queue.HUMAN_TRIAGE, priority if telling else Priority.NORMAL
