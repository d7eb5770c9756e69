"""What a person reads in Jaeger: an election of Raft, a transaction of 2PC, a write that goes down a chain.

Each reading picks a trace of the file that a run wrote, and then judges the same trace as Jaeger shows it.
"""

from .server import say
from .traces import event, require


class Election:
    """Votes that hang on the requests for them, and one winner."""

    what = "an election"

    @staticmethod
    def pick(traces):
        won = [trace for trace in traces if is_election(trace) and trace.tag(trace.root(), "synod.outcome") == "won"]
        require(won, "no election of the run was won")
        return max(won, key=lambda trace: len(trace.services()))

    @staticmethod
    def check(seen, nodes):
        require(is_election(seen), f"{seen.id} is {seen.name()!r} in Jaeger, not an election")
        votes = 0
        for handler in seen.named("RequestVote handle"):
            check_delivery(seen, handler)
            votes += "voted" in seen.events(handler)
        majority = len(nodes) // 2 + 1
        require(votes + 1 >= majority, f"{votes} voted in an election that was won")

        candidate = seen.service(seen.root())
        winners = [s for s in seen.inner() if "became_leader" in seen.events(s)]
        require(len(winners) == 1 and seen.service(winners[0]) == candidate, f"{candidate} did not become leader")
        require("became_candidate" in seen.events(seen.root()), "nobody became a candidate")
        require(seen.tag(seen.root(), "synod.outcome") == "won", "the root does not say that it was won")
        tell(seen, "became_candidate", "voted", "became_leader")


class Transaction:
    """Every participant votes yes, then the coordinator decides, then each learns it, and then it is forgotten."""

    what = "a transaction"

    @staticmethod
    def pick(traces):
        whole = [trace for trace in traces if not trace.drops() and Transaction.is_whole(trace)]
        require(whole, "no transaction of the run was committed and forgotten without a loss")
        return max(whole, key=lambda trace: len(trace.services()))

    @staticmethod
    def is_whole(trace):
        happened = {name for span in trace.inner() for name in trace.events(span)}
        return {"began", "prepared", "decided", "learned", "forgot"} <= happened and trace.named("Commit handle")

    @staticmethod
    def check(seen, nodes):
        coordinator = seen.service(only(seen, "began"))
        decided = only(seen, "decided")
        require(seen.service(decided) == coordinator, f"{seen.service(decided)} decided, and {coordinator} coordinates")

        prepared = {seen.service(span) for span in having(seen, "prepared")}
        require(len(prepared) >= 2, f"a transaction between {sorted(prepared)} needs no commit protocol")
        voted = set()
        for handler in seen.named("Prepare handle") + seen.named("VoteYes handle") + seen.named("Commit handle"):
            sender = check_delivery(seen, handler)
            if handler["operationName"] == "VoteYes handle" and handler["startTime"] <= decided["startTime"]:
                voted.add(sender)
        require(voted == prepared, f"{sorted(voted)} voted before the decision, and {sorted(prepared)} had prepared")

        early = [s for s in seen.inner() if s["operationName"].startswith("Commit -> ")]
        early = [s for s in early if s["startTime"] < decided["startTime"]]
        require(not early, f"{len(early)} heard Commit before it was decided")
        learned = {seen.service(span) for span in having(seen, "learned")}
        require(learned == prepared, f"{sorted(learned)} learned the decision, and {sorted(prepared)} had prepared")
        forgot = only(seen, "forgot")
        late = [s for s in having(seen, "learned") if s["startTime"] > forgot["startTime"]]
        require(not late, "a decision was forgotten before every participant had it")
        tell(seen, "began", "prepared", "got_vote", "decided", "learned", "forgot")


class ChainWrite:
    """An update goes from the head to the tail, which answers; acknowledgements come back the same way."""

    what = "a write through the chain"

    @staticmethod
    def pick(traces):
        whole = [trace for trace in traces if not trace.drops() and ChainWrite.is_whole(trace)]
        require(whole, "no write of the run went down the chain and was acknowledged up to the head")
        return max(whole, key=lambda trace: len(having(trace, "updated")))

    @staticmethod
    def is_whole(trace):
        down, up = len(having(trace, "updated")), len(having(trace, "acknowledged"))
        return len(having(trace, "appended")) == len(having(trace, "committed")) == 1 and down == up >= 2

    @staticmethod
    def check(seen, nodes):
        head, tail = seen.service(only(seen, "appended")), seen.service(only(seen, "committed"))
        down = hops(seen, "updated")
        chain = [head]
        while chain[-1] in down:
            chain.append(down.pop(chain[-1]))
            require(len(chain) <= len(nodes), f"the update goes in a circle: {chain}")
        require(not down, f"updates between {down} are not on the way from the head: {chain}")
        require(chain[-1] == tail, f"{tail} committed it, and {chain[-1]} is where it ended")
        require(len(chain) >= 3, f"{chain} has no middle")

        up = hops(seen, "acknowledged")
        require(up == {b: a for a, b in zip(chain, chain[1:])}, f"acknowledgements go {up}, the chain is {chain}")
        answers = [s for s in seen.inner() if s["operationName"].startswith("answer -> ")]
        require(answers, "nobody answered the client")
        for answer in answers:
            by = seen.service(answer)
            require(by == tail, f"{by} answered the client, and the tail is {tail}")
        tell(seen, "appended", "updated", "committed", "acknowledged")


READINGS = {"raft": Election, "2pc": Transaction, "chain": ChainWrite}


def check_drops(seen):
    """Messages that were dropped are errors, which say why, and nobody handles them."""
    drops = seen.drops()
    require(drops, f"the messages of {seen.id} that were dropped are no errors in Jaeger")
    parents = {seen.parent(span)["spanID"] for span in seen.inner()}
    for span in drops:
        # The OTLP status arrives as these two tags.
        require(seen.tag(span, "error") is True, f"{span['operationName']} was dropped and is no error")
        why = seen.tag(span, "otel.status_description")
        require(why.startswith("dropped: "), f"{span['operationName']} does not say why: {why!r}")
        require(span["spanID"] not in parents, f"{span['operationName']} was dropped, and handled")
    say(f"in {seen.name()!r}, {len(drops)} dropped: {drops[0]['operationName']!r}, {why!r}")


# Helpers


def is_election(trace):
    return trace.name().startswith("election ")


def check_delivery(seen, handler):
    """The span of who handles a message hangs on the span of who sent it. Gives the sender."""
    message, here = handler["operationName"].removesuffix(" handle"), seen.service(handler)
    sent = seen.parent(handler)
    require(
        sent["operationName"] == f"{message} -> {node(here)}",
        f"{here} handles a {message} that hangs on {sent['operationName']!r}",
    )
    kinds = seen.tag(sent, "span.kind"), seen.tag(handler, "span.kind")
    require(kinds == ("producer", "consumer"), f"a {message} is sent and handled as {kinds}")
    return seen.service(sent)


def node(service):
    return service.rsplit("-", 1)[1]


def having(seen, name):
    return [span for span in seen.inner() if name in seen.events(span)]


def only(seen, name):
    spans = having(seen, name)
    require(len(spans) == 1, f"{name!r} happened {len(spans)} times in {seen.name()!r}")
    return spans[0]


def hops(seen, name):
    """Who received what made this happen, by who sent it."""
    steps = {}
    for handler in having(seen, name):
        sender = check_delivery(seen, handler)
        require(sender not in steps, f"{name!r} happened at two servers because of {sender}")
        steps[sender] = seen.service(handler)
    return steps


def tell(seen, *names):
    say(f"{seen.name()!r} is trace {seen.id}: {len(seen.spans)} spans of {seen.services()}")
    begin = seen.root()["startTime"]
    told = [(log["timestamp"], seen.service(span), event(log)) for span in seen.inner() for log in span["logs"]]
    for at, service, name in sorted(told, key=lambda each: each[0]):
        if name in names:
            say(f"  +{(at - begin) / 1000:8.3f} ms  {service}  {name}")
