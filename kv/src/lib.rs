//! The key-value store that Synod's algorithms replicate, with its workload and its history.
