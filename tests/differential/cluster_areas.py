"""The cluster, its administration, and what is no request at all. A step's title is its name in docs/reference/differences.md."""
from asking import topic, make


def cluster(k):
    for version in range(3):
        k.step(f"cluster/described, version {version}", "DescribeCluster", version)
    k.step("cluster/described: operations", "DescribeCluster", 1, IncludeClusterAuthorizedOperations=True)
    k.step("cluster/described: controllers", "DescribeCluster", 1, EndpointType=2)
    k.step("cluster/described: what", "DescribeCluster", 1, EndpointType=7)
    for version in range(3):
        k.step(f"cluster/quorum, version {version}", "DescribeQuorum", version, Topics=[
            {"TopicName": "__cluster_metadata", "Partitions": [{"PartitionIndex": 0}]}])
    k.step("cluster/quorum: other topic", "DescribeQuorum", 2, Topics=[
        {"TopicName": "x", "Partitions": [{"PartitionIndex": 0}]}])
    for version in range(2):
        k.step(f"cluster/resources, version {version}", "ListConfigResources", version)
    k.step("cluster/resources: brokers", "ListConfigResources", 1, ResourceTypes=[4])
    k.step("cluster/resources: what", "ListConfigResources", 1, ResourceTypes=[77])


def admin(k):
    make(k, topic("a", 2))
    k.until(lambda answer: [len(each["Partitions"]) for each in answer["Results"][0]["Topics"]] == [2],
            "DescribeLogDirs", 4, Topics=[{"Topic": "a", "Partitions": [0, 1]}])
    pattern = {"PatternTypeFilter": 3, "Operation": 2, "PermissionType": 3}
    for version in range(1, 4):
        k.step(f"admin/acls, version {version}", "DescribeAcls", version, ResourceTypeFilter=2,
               ResourceNameFilter="a", **pattern)
    k.step("admin/acls: any", "DescribeAcls", 3, ResourceTypeFilter=1, ResourceNameFilter=None, PatternTypeFilter=1,
           PrincipalFilter=None, HostFilter=None, Operation=1, PermissionType=1)
    k.step("admin/acls made", "CreateAcls", 3, Creations=[
        {"ResourceType": 2, "ResourceName": "a", "ResourcePatternType": 3, "Principal": "User:x", "Host": "*",
         "Operation": 3, "PermissionType": 3}])
    k.step("admin/acls made: none", "CreateAcls", 3, Creations=[])
    k.step("admin/acls deleted", "DeleteAcls", 3, Filters=[
        {"ResourceTypeFilter": 2, "ResourceNameFilter": "a", "PatternTypeFilter": 3, "PrincipalFilter": None,
         "HostFilter": None, "Operation": 1, "PermissionType": 1}])
    for version in range(1, 6):
        k.step(f"admin/folders, version {version}", "DescribeLogDirs", version,
               Topics=[{"Topic": "a", "Partitions": [0, 1]}])
    k.step("admin/folders: unknown", "DescribeLogDirs", 4, Topics=[{"Topic": "a.none", "Partitions": [0]}])
    k.step("admin/folders: wrong partition", "DescribeLogDirs", 4, Topics=[{"Topic": "a", "Partitions": [9]}])
    k.step("admin/folders: nothing", "DescribeLogDirs", 4, Topics=[])
    for version in range(3):
        k.step(f"admin/leaders, version {version}", "ElectLeaders", version, TimeoutMs=10_000,
               TopicPartitions=[{"Topic": "a", "Partitions": [0, 9]}, {"Topic": "a.none", "Partitions": [0]}])
    k.step("admin/leaders: unclean", "ElectLeaders", 2, TimeoutMs=10_000, ElectionType=1,
           TopicPartitions=[{"Topic": "a", "Partitions": [0]}])
    k.step("admin/leaders: strange", "ElectLeaders", 2, TimeoutMs=10_000, ElectionType=7,
           TopicPartitions=[{"Topic": "a", "Partitions": [0]}])
    k.step("admin/leaders: all", "ElectLeaders", 2, TimeoutMs=10_000, TopicPartitions=None)
    for title, name, partition, replicas in [("to us", "a", 0, [1]), ("elsewhere", "a", 0, [7]), ("nowhere", "a", 0, []),
                                             ("stopped", "a", 0, None), ("unknown", "a.none", 0, [1]),
                                             ("wrong partition", "a", 9, [1]), ("twice", "a", 0, [1, 1])]:
        k.step(f"admin/moved: {title}", "AlterPartitionReassignments", 0, Topics=[
            {"Name": name, "Partitions": [{"PartitionIndex": partition, "Replicas": replicas}]}])
    k.step("admin/moves", "ListPartitionReassignments", 0, Topics=None)
    k.step("admin/moves: of one", "ListPartitionReassignments", 0, Topics=[{"Name": "a", "PartitionIndexes": [0]}])
    k.step("admin/moves: of an unknown one", "ListPartitionReassignments", 0,
           Topics=[{"Name": "a.none", "PartitionIndexes": [0]}])
    for version in range(2):
        k.step(f"admin/quotas, version {version}", "DescribeClientQuotas", version, Components=[])
    k.step("admin/quotas: of users", "DescribeClientQuotas", 1, Components=[
        {"EntityType": "user", "MatchType": 1, "Match": None}])
    k.step("admin/quotas: strange", "DescribeClientQuotas", 1, Components=[
        {"EntityType": "dog", "MatchType": 1, "Match": None}])
    k.step("admin/users", "DescribeUserScramCredentials", 0, Users=None)
    k.step("admin/users: one", "DescribeUserScramCredentials", 0, Users=[{"Name": "x"}])
    k.step("admin/users: twice", "DescribeUserScramCredentials", 0, Users=[{"Name": "x"}, {"Name": "x"}])


def framing(k):
    unknown_key = bytes.fromhex("0000000a" "7fff0000" "00000001" "ffff")
    unknown_version = bytes.fromhex("0000000a" "00030063" "00000001" "ffff")
    strange_versions = bytes.fromhex("0000000a" "00120063" "00000001" "ffff")
    k.raw("framing/unknown api", unknown_key)
    k.raw("framing/unknown version", unknown_version)
    k.raw("framing/negative size", b"\xff\xff\xff\xff")
    k.raw("framing/huge size", b"\x7f\xff\xff\xff")
    k.raw("framing/no body", bytes.fromhex("0000000a" "00030001" "00000001" "ffff"))
    k.raw("framing/cut header", bytes.fromhex("00000002" "0003"))
    k.links.pop("raw", None)
    k.send("Metadata", 12, "pipe", Topics=[])
    k.send("ListGroups", 4, "pipe")
    k.step("framing/second of two answered first", "Metadata", 12, "other", Topics=[])
    assert strange_versions
