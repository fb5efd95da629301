"""The commands that tools.py gives to both brokers, area by area. A step's title is its name in docs/reference/differences.md."""
from java_tools import started

TOPICS = "TopicCommand"
CONFIGS = "kafka.admin.ConfigCommand"
GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
SHARES = "org.apache.kafka.tools.consumer.group.ShareGroupCommand"
STREAMS = "org.apache.kafka.tools.streams.StreamsGroupCommand"
CONSOLE = "org.apache.kafka.tools.consumer.ConsoleConsumer"
MOVES = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand"


def make(k, name, partitions=1, *more):
    k.quietly(TOPICS, "--create", "--topic", name, "--partitions", str(partitions), "--replication-factor", "1", *more)


def fill(k, name, count):
    """With keys, so that both brokers have the same in each partition."""
    k.quietly("ConsoleProducer", "--topic", name, "--reader-property", "parse.key=true", "--reader-property", "key.separator=:",
              text="".join(f"key {number}:line {number}\n" for number in range(count)))


def topics(k):
    for title, *how in [
            ("", "t", "--partitions", "3"), (" again", "t"), (" if not there", "t", "--if-not-exists"),
            (" configured", "c", "--config", "cleanup.policy=compact", "--config", "retention.ms=1000"),
            (" assigned", "a", "--replica-assignment", "1,1"), (" on too many", "r", "--replication-factor", "3"),
            (" with a bad name", "a b"), (" with a bad setting", "x", "--config", "no.such=1"),
            (" with a bad value", "x", "--config", "retention.ms=soon"), (" with a dot", "one.dot"),
            (" that collides", "one_dot"), (" without partitions", "x", "--partitions", "0")]:
        k.step(f"topics create{title}", TOPICS, "--create", "--topic", *how)
    for title, *how in [
            ("", "--topic", "t"), (" of all", ), (" of some", "--topic", "t|c"), (" of none", "--topic", "nowhere"),
            (" of none if there", "--topic", "nowhere", "--if-exists"), (" with settings", "--topics-with-overrides"),
            (" under replicated", "--under-replicated-partitions"), (" unavailable", "--unavailable-partitions"),
            (" under min isr", "--under-min-isr-partitions"), (" at min isr", "--at-min-isr-partitions")]:
        k.step(f"topics describe{title}", TOPICS, "--describe", *how, only=None if title != " of all" else r"Topic: [tcao]")
    k.step("topics list", TOPICS, "--list")
    k.step("topics list without internal", TOPICS, "--list", "--exclude-internal")
    k.step("topics alter", TOPICS, "--alter", "--topic", "t", "--partitions", "5")
    k.step("topics alter to fewer", TOPICS, "--alter", "--topic", "t", "--partitions", "2")
    k.step("topics alter of none", TOPICS, "--alter", "--topic", "nowhere", "--partitions", "2")
    k.step("topics delete", TOPICS, "--delete", "--topic", "a")
    k.step("topics delete of none", TOPICS, "--delete", "--topic", "nowhere")
    k.step("topics delete of none if there", TOPICS, "--delete", "--topic", "nowhere", "--if-exists")
    k.step("topics list at the end", TOPICS, "--list")


ENTITIES = [("a topic", "topics", "cfg"), ("all topics", "topics", None), ("no topic", "topics", "nowhere"), ("a broker", "brokers", "1"),
            ("all brokers", "brokers", None), ("another broker", "brokers", "7"), ("a group", "groups", "g"), ("all groups", "groups", None),
            ("a metric", "client-metrics", "m"), ("all metrics", "client-metrics", None), ("a user", "users", "u"),
            ("all users", "users", None), ("a client", "clients", "c"), ("all clients", "clients", None), ("an ip", "ips", "127.0.0.1"),
            ("all ips", "ips", None), ("another logger", "broker-loggers", "7")]


def configs(k):
    make(k, "cfg")
    for title, kind, name in ENTITIES:
        named = ("--entity-name", name) if name else ()
        k.step(f"configs describe {title}", CONFIGS, "--describe", "--entity-type", kind, *named,
               only=r"cfg|retention" if title == "all topics" else None)
    for kind in ("brokers", "users", "clients", "ips"):
        k.step(f"configs describe default of {kind}", CONFIGS, "--describe", "--entity-type", kind, "--entity-default")
    for kind, name in (("topics", "cfg"), ("brokers", "1"), ("groups", "g"), ("client-metrics", "m")):
        k.step(f"configs describe all settings of {kind}", CONFIGS, "--describe", "--all", "--entity-type", kind, "--entity-name", name)
    k.step("configs describe quota and scram", CONFIGS, "--describe", "--entity-type", "users", "--entity-name", "u", "--user-defaults")
    for title, kind, name, *how in [
            ("a topic", "topics", "cfg", "--add-config", "retention.ms=60000,cleanup.policy=[compact,delete]"),
            ("a topic back", "topics", "cfg", "--delete-config", "retention.ms"),
            ("a topic back twice", "topics", "cfg", "--delete-config", "retention.ms"),
            ("a topic back of nothing known", "topics", "cfg", "--delete-config", "no.such"),
            ("a topic wrongly", "topics", "cfg", "--add-config", "retention.ms=soon"),
            ("an unknown setting", "topics", "cfg", "--add-config", "no.such=1"),
            ("no topic", "topics", "nowhere", "--add-config", "retention.ms=1"),
            ("a broker", "brokers", "1", "--add-config", "log.cleaner.threads=2"),
            ("a broker's messages", "brokers", "1", "--add-config", "message.max.bytes=2000000"),
            ("a broker back", "brokers", "1", "--delete-config", "message.max.bytes"),
            ("a broker wrongly", "brokers", "1", "--add-config", "node.id=5"),
            ("another broker", "brokers", "7", "--add-config", "message.max.bytes=2000000"),
            ("a group", "groups", "g", "--add-config", "consumer.session.timeout.ms=50000"),
            ("a metric", "client-metrics", "m", "--add-config", "interval.ms=1000,metrics=[org.apache.kafka.producer.]"),
            ("a client", "clients", "c", "--add-config", "producer_byte_rate=1024"),
            ("a user", "users", "u", "--add-config", "consumer_byte_rate=1024"),
            ("a user's password", "users", "u", "--add-config", "SCRAM-SHA-256=[password=secret]"),
            ("an ip", "ips", "127.0.0.1", "--add-config", "connection_creation_rate=100"),
            ("a logger", "broker-loggers", "1", "--add-config", "kafka.server.KafkaApis=DEBUG"),
            ("a logger of nothing", "broker-loggers", "1", "--add-config", "no.such.logger=DEBUG")]:
        k.step(f"configs alter {title}", CONFIGS, "--alter", "--entity-type", kind, "--entity-name", name, *how)
    k.step("configs alter all brokers", CONFIGS, "--alter", "--entity-type", "brokers", "--entity-default", "--add-config",
           "log.retention.ms=800000")
    k.step("configs alter all brokers back", CONFIGS, "--alter", "--entity-type", "brokers", "--entity-default", "--delete-config",
           "log.retention.ms")
    k.step("configs at the end", CONFIGS, "--describe", "--entity-type", "topics", "--entity-name", "cfg")
    k.step("configs of clients at the end", CONFIGS, "--describe", "--entity-type", "clients")
    k.step("metrics list", "ClientMetricsCommand", "--list")
    k.step("metrics describe", "ClientMetricsCommand", "--describe")
    k.step("metrics alter", "ClientMetricsCommand", "--alter", "--name", "m2", "--metrics", "org.apache.kafka.producer.", "--interval", "1000")
    k.step("metrics delete", "ClientMetricsCommand", "--delete", "--name", "m2")


def groups(k):
    make(k, "gt", 2)
    make(k, "other")
    fill(k, "gt", 100)
    k.quietly(CONSOLE, "--topic", "gt", "--group", "g", "--from-beginning", "--max-messages", "100", "--timeout-ms", "20000")
    described = [("", ), (" members", "--members"), (" members in full", "--members", "--verbose"), (" offsets", "--offsets"),
                 (" state", "--state"), (" in full", "--verbose"), (" state in full", "--state", "--verbose")]
    for title, *how in described:
        k.step(f"groups describe{title}", GROUPS, "--describe", "--group", "g", *how)
        k.step(f"groups describe nobody{title}", GROUPS, "--describe", "--group", "nobody", *how)
        k.step(f"groups describe all{title}", GROUPS, "--describe", "--all-groups", *how)
    for title, *how in [("", ), (" by state", "--state"), (" empty", "--state", "Empty"), (" stable", "--state", "stable"),
                        (" strange", "--state", "sleepy"), (" types", "--type"), (" classic", "--type", "classic"),
                        (" consumer", "--type", "consumer"), (" both", "--type", "--state")]:
        k.step(f"groups list{title}", GROUPS, "--list", *how)
    reset = (GROUPS, "--reset-offsets", "--group", "g")
    for title, *how in [
            (" to the start", "--topic", "gt", "--to-earliest", "--dry-run"), (" by default dry", "--topic", "gt", "--to-earliest"),
            (" to the end", "--topic", "gt", "--to-latest", "--execute"), (" back", "--topic", "gt", "--shift-by", "-5", "--execute"),
            (" too far back", "--topic", "gt", "--shift-by", "-5000", "--execute"),
            (" too far", "--topic", "gt", "--shift-by", "5000", "--execute"),
            (" to an offset", "--topic", "gt:0", "--to-offset", "7", "--execute"),
            (" to a far offset", "--topic", "gt:0", "--to-offset", "7000", "--execute"),
            (" to now", "--all-topics", "--to-current", "--execute"), (" by time", "--topic", "gt", "--to-datetime", "2020-01-01T00:00:00.000", "--execute"),
            (" by a late time", "--topic", "gt", "--to-datetime", "2099-01-01T00:00:00.000", "--execute"),
            (" by duration", "--topic", "gt", "--by-duration", "PT1H", "--execute"), (" exported", "--all-topics", "--to-latest", "--export"),
            (" from a file", "--from-file", k.file("offsets.csv", "gt,0,3\n"), "--execute"),
            (" of no topic", "--topic", "nowhere", "--to-earliest", "--execute"),
            (" of no partition", "--topic", "gt:9", "--to-earliest", "--execute"),
            (" of another topic", "--topic", "other", "--to-earliest", "--execute")]:
        k.step(f"groups reset{title}", *reset, *how)
    k.step("groups reset of all", GROUPS, "--reset-offsets", "--all-groups", "--topic", "gt", "--to-earliest", "--execute")
    k.step("groups reset of nobody", GROUPS, "--reset-offsets", "--group", "nobody", "--topic", "gt", "--to-earliest", "--execute")
    k.step("groups delete offsets", GROUPS, "--delete-offsets", "--group", "g", "--topic", "gt:0")
    k.step("groups delete offsets of no topic", GROUPS, "--delete-offsets", "--group", "g", "--topic", "nowhere")
    k.step("groups delete offsets of nobody", GROUPS, "--delete-offsets", "--group", "no", "--topic", "gt")
    k.step("groups describe after that", GROUPS, "--describe", "--group", "g")
    with started(k.served, "VerifiableConsumer", "--topic", "other", "--group-id", "busy") as member:
        while "partitions_assigned" not in member.line():
            pass
        for title, *how in described:
            k.step(f"groups describe busy{title}", GROUPS, "--describe", "--group", "busy", *how)
        k.step("groups delete busy", GROUPS, "--delete", "--group", "busy")
        k.step("groups delete offsets of busy", GROUPS, "--delete-offsets", "--group", "busy", "--topic", "other")
        k.step("groups reset busy", GROUPS, "--reset-offsets", "--group", "busy", "--all-topics", "--to-earliest", "--execute")
    k.step("groups delete nobody", GROUPS, "--delete", "--group", "no")
    k.step("groups delete", GROUPS, "--delete", "--group", "g")
    k.step("groups delete all", GROUPS, "--delete", "--all-groups", only="nothing")
    for title, *how in [("", ), (" classic", "--group-type", "classic"), (" consumer", "--group-type", "consumer"), (" share", "--share"),
                        (" streams", "--streams"), (" by protocol", "--protocol", "consumer"), (" of consumers", "--consumer")]:
        k.step(f"all groups{title}", "GroupsCommand", "--list", *how)


def other_groups(k):
    make(k, "sh")
    k.step("shares list", SHARES, "--list")
    k.step("shares describe", SHARES, "--describe", "--group", "s")
    k.step("shares describe all", SHARES, "--describe", "--all-groups")
    k.step("shares delete", SHARES, "--delete", "--group", "s")
    k.step("shares reset", SHARES, "--reset-offsets", "--group", "s", "--topic", "sh", "--to-earliest", "--execute")
    k.step("streams list", STREAMS, "--list")
    k.step("streams describe", STREAMS, "--describe", "--group", "s")
    k.step("streams delete", STREAMS, "--delete", "--group", "s")


def records(k):
    make(k, "rec", 2)
    fill(k, "rec", 50)
    for title, *how in [("", ), (" earliest", "--time", "earliest"), (" latest", "--time", "latest"), (" -1", "--time", "-1"),
                        (" -2", "--time", "-2"), (" earliest local", "--time", "earliest-local"),
                        (" latest tiered", "--time", "latest-tiered"), (" a late time", "--time", "9999999999999"), (" of none", "--topic", "nowhere"),
                        (" of partitions", "--topic-partitions", "rec:0"), (" of some", "--partitions", "1", "--topic", "rec"),
                        (" without internal", "--exclude-internal-topics")]:
        k.step(f"offsets{title}", "GetOffsetShell", *how, only="^rec|rror|xception|nowhere")
    def told(partitions):
        return k.file("records.json", {"partitions": [{"topic": name, "partition": part, "offset": offset}
                                                      for name, part, offset in partitions], "version": 1})
    for title, *partitions in [("", ("rec", 0, 1)), (" beyond the end", ("rec", 0, 5000)), (" of none", ("nowhere", 0, 1)),
                               (" of no partition", ("rec", 9, 1)), (" to the end", ("rec", 0, -1))]:
        k.step(f"records delete{title}", "DeleteRecordsCommand", "--offset-json-file", told(partitions), only="error|xception|low")
    k.step("console formatted", CONSOLE, "--topic", "rec", "--from-beginning", "--timeout-ms", "4000", "--max-messages", "1", "--formatter-property",
           "print.timestamp=true", "--formatter-property", "print.partition=true", "--formatter-property", "print.offset=true",
           "--formatter-property", "print.headers=true", "--formatter-property", "print.key=true", only="Create|Processed")


def cluster(k):
    make(k, "cl", 2)
    k.step("cluster id", "ClusterTool", "cluster-id", ordered=True)
    k.step("cluster endpoints", "ClusterTool", "list-endpoints")
    k.step("cluster endpoints with fenced ones", "ClusterTool", "list-endpoints", "--include-fenced-brokers")
    k.step("cluster unregister", "ClusterTool", "unregister", "--id", "9")
    k.step("versions", "BrokerApiVersionsCommand")
    for title, *how in [(" status", "--status"), (" replication", "--replication"), (" status in words", "--status", "--human-readable"),
                        (" replication in words", "--replication", "--human-readable")]:
        k.step(f"quorum{title}", "MetadataQuorumCommand", "describe", *how)
    k.step("quorum add", "MetadataQuorumCommand", "add-controller")
    k.step("quorum remove", "MetadataQuorumCommand", "remove-controller", "--controller-id", "7", "--controller-directory-id",
           "AAAAAAAAAAAAAAAAAAAAAQ")
    for title, *how in [(" describe", "describe"), (" upgrade", "upgrade", "--release-version", "4.3"), (" downgrade", "downgrade", "--feature", "transaction.version=1"),
                        (" try", "upgrade", "--feature", "transaction.version=2", "--dry-run"), (" of nothing", "upgrade", "--feature", "no.such=1"),
                        (" disable", "disable", "--feature", "transaction.version"), (" mapping", "version-mapping"),
                        (" dependencies", "feature-dependencies", "--feature", "transaction.version=2")]:
        k.step(f"features{title}", "FeatureCommand", *how)
    for title, *how in [("", "--topic-list", "cl"), (" of a broker", "--broker-list", "1", "--topic-list", "cl"), (" of another broker", "--broker-list", "7"),
                        (" of none", "--topic-list", "nowhere")]:
        k.step(f"folders{title}", "LogDirsCommand", "--describe", *how)
    for title, *how in [("", "--election-type", "preferred", "--topic", "cl", "--partition", "0"), (" unclean", "--election-type", "unclean", "--topic", "cl", "--partition", "0"),
                        (" of none", "--election-type", "preferred", "--topic", "nowhere", "--partition", "0"),
                        (" from a file", "--election-type", "preferred", "--path-to-json-file",
                         k.file("elect.json", {"partitions": [{"topic": "cl", "partition": 1}]}))]:
        k.step(f"election{title}", "LeaderElectionCommand", *how)
    k.step("acls list", "AclCommand", "--list")
    k.step("acls add", "AclCommand", "--add", "--allow-principal", "User:x", "--operation", "Read", "--topic", "cl")
    k.step("acls remove", "AclCommand", "--remove", "--allow-principal", "User:x", "--operation", "Read", "--topic", "cl", "--force")
    nothing = k.file("nothing.properties", "")
    k.step("tokens describe", "DelegationTokenCommand", "--describe", "--command-config", nothing)
    k.step("tokens create", "DelegationTokenCommand", "--create", "--max-life-time-period", "-1", "--command-config", nothing)
    k.step("tokens renew", "DelegationTokenCommand", "--renew", "--renew-time-period", "-1", "--hmac", "YWJj", "--command-config", nothing)
    k.step("tokens expire", "DelegationTokenCommand", "--expire", "--expiry-time-period", "-1", "--hmac", "YWJj", "--command-config", nothing)


def moves(k):
    make(k, "mv", 2)
    def plan(replicas, **more):
        return k.file("moves.json", {"version": 1, "partitions": [{"topic": "mv", "partition": 0, "replicas": replicas, **more}]})
    here, away = plan([1]), k.file("away.json", {"version": 1, "partitions": [{"topic": "mv", "partition": 0, "replicas": [7]}]})
    wanted = k.file("topics.json", {"version": 1, "topics": [{"topic": "mv"}]})
    for title, *how in [(" list", "--list"), (" generate", "--generate", "--topics-to-move-json-file", wanted, "--broker-list", "1"),
                        (" execute", "--execute", "--reassignment-json-file", here), (" verify", "--verify", "--reassignment-json-file", here),
                        (" cancel", "--cancel", "--reassignment-json-file", here), (" away", "--execute", "--reassignment-json-file", away),
                        (" throttled", "--execute", "--throttle", "100000", "--reassignment-json-file", here),
                        (" verify throttled", "--verify", "--reassignment-json-file", here),
                        (" to no folder", "--execute", "--reassignment-json-file", plan([1], log_dirs=["/nowhere"]))]:
        k.step(f"moves{title}", MOVES, *how)


def transactions(k):
    make(k, "tx")
    tx = "TransactionsCommand"
    k.step("transactions list of none", tx, "list")
    slow = ("ProducerPerformance", "--topic", "tx", "--num-records", "100000", "--record-size", "10", "--throughput", "20",
            "--transactional-id", "slow", "--transaction-duration-ms", "50000")
    with started(k.served, *slow):
        while "Ongoing" not in k.quietly(tx, "list"):
            pass
        while "slow" not in k.quietly(tx, "list") or "tx-0" not in k.quietly(tx, "describe", "--transactional-id", "slow"):
            pass
        k.step("transactions list", tx, "list", only="Transactional|slow")
        k.step("transactions list longer", tx, "list", "--duration-filter", "100000", only="Transactional|slow")
        k.step("transactions list by pattern", tx, "list", "--transactional-id-pattern", "s.*", only="Transactional|slow")
        k.step("transactions list by a bad pattern", tx, "list", "--transactional-id-pattern", "(")
        k.step("transactions describe nobody", tx, "describe", "--transactional-id", "nobody")
        k.step("transactions producers of no partition", tx, "describe-producers", "--topic", "tx", "--partition", "9")
        k.step("transactions producers of no topic", tx, "describe-producers", "--topic", "nowhere", "--partition", "0")
        k.step("transactions producers of another broker", tx, "describe-producers", "--broker-id", "7", "--topic", "tx", "--partition", "0")
        k.step("transactions hanging", tx, "find-hanging", "--broker-id", "1")
        k.step("transactions hanging of a topic", tx, "find-hanging", "--topic", "tx")
        k.step("transactions hanging of no topic", tx, "find-hanging", "--topic", "nowhere")
        k.step("transactions hanging nowhere", tx, "find-hanging")
        k.step("transactions abort what never was", tx, "abort", "--topic", "tx", "--partition", "0", "--start-offset", "77")
        k.step("transactions abort", tx, "abort", "--topic", "tx", "--partition", "0", "--start-offset", "0")
        k.step("transactions abort by hand", tx, "abort", "--topic", "tx", "--partition", "0", "--producer-id", "12345", "--producer-epoch", "0",
               "--coordinator-epoch", "0")
        k.step("transactions terminate", tx, "forceTerminateTransaction", "--transactionalId", "slow")
        k.step("transactions terminate nobody", tx, "forceTerminateTransaction", "--transactionalId", "nobody")


def performance(k):
    make(k, "perf", 2)
    k.step("performance of a producer", "ProducerPerformance", "--topic", "perf", "--num-records", "1000", "--record-size", "100", "--throughput", "-1",
           only="nothing")
    for title, *how in [("", ), (" in detail", "--show-detailed-stats"), (" of a group", "--group", "perf")]:
        k.step(f"performance of a consumer{title}", "ConsumerPerformance", "--topic", "perf", "--num-records", "1000", *how, only="nothing")
    k.step("performance end to end", "EndToEndLatency", "--topic", "perf", "--num-records", "20", "--producer-acks", "all", "--record-size", "50", only="nothing")
    k.step("performance of a share consumer", "ShareConsumerPerformance", "--topic", "perf", "--num-records", "1000", "--timeout", "3000", only="nothing", seconds=30)
    k.step("streams reset", "StreamsResetter", "--application-id", "app", "--input-topics", "perf", "--dry-run")
    k.step("streams reset of no topic", "StreamsResetter", "--application-id", "app", "--input-topics", "nowhere", "--dry-run")
    k.step("streams reset for good", "StreamsResetter", "--application-id", "app", "--input-topics", "perf", "--to-earliest")


STEPS = [topics, configs, groups, other_groups, records, cluster, moves, transactions, performance]
