//! A deterministic simulator for any synod-protocol Node: virtual time, faulty links, disks and clocks.
