//! The single defects that the harness can be told to have, and the rule that each of them breaks.

macro_rules! wrongs {
    ($($rule:literal: $($(#[$doc:meta])* $wrong:ident),+;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Wrong { $($($(#[$doc])* $wrong,)+)+ }

        impl Wrong {
            pub(crate) const ALL: &[Wrong] = &[$($(Wrong::$wrong,)+)+];

            /// How the report of the breach begins.
            pub(crate) fn breaks(self) -> &'static str {
                match self { $($(Wrong::$wrong)|+ => $rule,)+ }
            }
        }
    };
}

wrongs! {
    "Contract rule 1:":
        /// Lets outputs go before their record is durable.
        OutputsDoNotWait,
        /// Gates a step's outputs on that step's own records only.
        WaitsForOwnStepOnly,
        ReordersOutputs,
        /// At a crash, lets out what stands behind the first lost record.
        OutputPastLostRecord;
    "Contract rule 2:":
        CrashLosesSynced,
        CrashKeepsUnwritten,
        MemorySurvives;
    "Contract rule 3:":
        CrashKeepsSuffix,
        CrashKeepsHole,
        BootsFromOlder,
        /// The same, and claims the newer number of records.
        HidesOlderBoot,
        MiscountsAtBoot,
        BootsAfterDiskFailed;
    "Contract rule 4:":
        FiresCancelled,
        FiresTwice,
        FiresOldSetting,
        FiresEarly,
        FiresAcrossCrash,
        FiresWhileDown,
        ClockGoesBack;
    "Contract rule 5:":
        DeliversToDown,
        InventsOutput,
        LetsOutTwice,
        InventsMessage,
        AltersMessage,
        AltersSender,
        AltersRequest,
        AltersAnswer,
        MisroutesOutput,
        MisroutesPacket,
        /// Without saying that it was duplicated.
        DeliversTwice,
        DropsWhatArrived,
        DuplicatesWhatArrived;
    "Contract rule 6:":
        RetriesWithAnotherRequest,
        RetriesSmallerNumber,
        SkipsNumber,
        OpensSecondCall,
        RetriesAfterDone,
        AnswersClosedCall,
        GivesUpTwice;
    "Contract rule 7:":
        DropsEffect,
        ReordersEffects,
        TouchesMemory,
        HidesNodes,
        BootsWithAnotherConfig,
        NodeReadsAGlobal;
    "Contract rule 8:":
        NodeWritesTwoRecords,
        NodeWritesAfterOutput,
        NodeWritesTwoRecordsAtBoot;
    "Contract: the stream":
        SkipsStepNumber,
        TimeGoesBack,
        ReusesPacketNumber,
        ShowsOldView,
        SyncsUnwritten,
        SyncsNothing,
        BootsWhileUp,
        CrashesWhileDown,
        EndsTwice,
        DropsAtANode,
        NamesClientForNode,
        ReturnsToAnotherClient;
}
