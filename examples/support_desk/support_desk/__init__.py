"""A bank's support desk: the reference application of Amoeba.

A customer's message comes in by HTTP and goes through the modules once::

    POST /triage -> gateway -> tickets -> classifier
                                  `-> priority and queue, by the desk's rules

`gateway` knows the contract of `tickets`, `tickets` that of `classifier`, and nobody knows where
another module runs. `training` makes the model that `classifier` loads; it runs beside the
application and no module imports it.
"""
