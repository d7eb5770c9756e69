"""A trace, in the form that Jaeger's API and the file of a run share."""


class Unreadable(Exception):
    """What the run promises is not in Jaeger."""


class Trace:
    """One trace, in the form that Jaeger's API and the file share."""

    def __init__(self, data):
        self.id = data["traceID"]
        self.processes = data["processes"]
        self.spans = {span["spanID"]: span for span in data["spans"]}

    def parent(self, span):
        ids = [ref["spanID"] for ref in span["references"] if ref["refType"] == "CHILD_OF"]
        return self.spans.get(ids[0]) if ids else None

    def root(self):
        roots = [s for s in self.spans.values() if all(ref["traceID"] != self.id for ref in s["references"])]
        require(len(roots) == 1, f"{self.id} has {len(roots)} roots")
        return roots[0]

    def inner(self):
        root = self.root()
        return [span for span in self.spans.values() if span is not root]

    def name(self):
        return self.root()["operationName"]

    def drops(self):
        return [span for span in self.spans.values() if self.tag(span, "synod.fate") == "dropped"]

    def named(self, name):
        return [span for span in self.spans.values() if span["operationName"] == name]

    def names(self):
        return sorted((span["spanID"], span["operationName"]) for span in self.spans.values())

    def service(self, span):
        return self.processes[span["processID"]]["serviceName"]

    def services(self):
        return sorted({self.service(span) for span in self.spans.values()})

    def tag(self, span, key):
        return next((tag["value"] for tag in span["tags"] if tag["key"] == key), None)

    def events(self, span):
        return [event(log) for log in span["logs"]]


def event(log):
    return next((field["value"] for field in log["fields"] if field["key"] == "event"), None)


def require(holds, otherwise):
    if not holds:
        raise Unreadable(otherwise)
