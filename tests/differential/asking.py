"""What the areas share: topics, and the requests that are long to write."""
import uuid

NO_ID = uuid.UUID(int=0)
WRONG_ID = uuid.UUID(int=0x1234)


def topic(name, partitions=1, replicas=1, configs=(), assignments=()):
    return {"Name": name, "NumPartitions": partitions, "ReplicationFactor": replicas,
            "Configs": [{"Name": key, "Value": value} for key, value in configs],
            "Assignments": [{"PartitionIndex": index, "BrokerIds": ids} for index, ids in assignments]}


def make(k, *wanted):
    """Creates topics without comparing, and waits for them."""
    answer = k.ask("CreateTopics", 7, Topics=list(wanted), timeoutMs=10_000)
    for each in answer["Topics"]:
        assert each["ErrorCode"] == 0, each
        k.ids[each["Name"]] = each["TopicId"]
    settle(k, *[each["Name"] for each in wanted])


def settle(k, *names):
    """Kafka tells its brokers of a new topic a little later, and they lead it a little later again."""
    def good(answer):
        return all(each["ErrorCode"] == 0 and all(part["ErrorCode"] == 0 for part in each["Partitions"])
                   for each in answer["Topics"])
    found = k.until(good, "Metadata", 9, Topics=[{"Name": name} for name in names], AllowAutoTopicCreation=False)
    k.until(lambda answer: all(part["ErrorCode"] == 0 for each in answer["Topics"] for part in each["Partitions"]),
            "ListOffsets", 7, ReplicaId=-1, Topics=[
                {"Name": each["Name"], "Partitions": [{"PartitionIndex": part["PartitionIndex"], "Timestamp": -1}
                                                      for part in each["Partitions"]]} for each in found["Topics"]])


def gone(k, *names):
    k.until(lambda answer: all(each["ErrorCode"] == 3 for each in answer["Topics"]), "Metadata", 9,
            Topics=[{"Name": name} for name in names], AllowAutoTopicCreation=False)


def produced(name, data, partition=0, acks=-1, version=9, txn=None, ids=None):
    named = {"TopicId": ids[name]} if version >= 13 else {"Name": name}
    return {"TransactionalId": txn, "Acks": acks, "TimeoutMs": 10_000,
            "TopicData": [named | {"PartitionData": [{"Index": partition, "Records": data}]}]}


def fetched(name, offset=0, partition=0, session=0, epoch=-1, topic_id=None, max_bytes=1 << 20, wait=0, least=0,
            isolation=0, leader_epoch=-1, total=1 << 24):
    named = {"TopicId": topic_id} if topic_id else {"Topic": name}
    return {"ReplicaId": -1, "MaxWaitMs": wait, "MinBytes": least, "MaxBytes": total, "IsolationLevel": isolation,
            "SessionId": session, "SessionEpoch": epoch,
            "Topics": [named | {"Partitions": [{"Partition": partition, "FetchOffset": offset,
                                                "CurrentLeaderEpoch": leader_epoch, "PartitionMaxBytes": max_bytes}]}]}


def fill(k, name, data):
    """Produces without comparing, as often as Kafka needs to know that it leads a new partition."""
    k.until(lambda answer: answer["Responses"][0]["PartitionResponses"][0]["ErrorCode"] == 0, "Produce", 9,
            **produced(name, data))
