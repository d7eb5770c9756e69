//! A checker of linearizability (Wing & Gong 1993, Lowe 2017) with per-key partitions, pending operations and budgets.
