"""Trains the support desk's models: `python -m support_desk.training`.

::

    data (read, validated) -> split by seed -> fit on 80 % -> measure on 20 % -> model folder

The same data and seed give the same files. The model that is saved is the one trained on the 80 %:
`held_out` names the rows it has never seen, for whoever wants to measure it again. Training runs
beside the application and needs scikit-learn; serving does not.
"""
