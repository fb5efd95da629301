// @platformatic/kafka against a broker: node client.mjs ADDRESS SCENARIO. Exit status 0 when every comparison held.
import assert from "node:assert";
import * as zlib from "node:zlib";
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";

const [, , address, scenario] = process.argv;
const common = { clientId: "holdfast-test", bootstrapBrokers: [address], retries: 5, timeout: 10_000 };
const grouped = { sessionTimeout: 6000, heartbeatInterval: 300 };
const writing = { ...common, serializers: stringSerializers, acks: -1, idempotent: true };
const topicResource = 2, setOperation = 0;

const admin = new Admin(common);
const numbered = (name, from, to) => Array.from({ length: to - from }, (_, i) => `${name} ${from + i}`);
const records = (topic, values) => values.map((value, i) => ({ topic, key: `k${i % 13}`, value, headers: { same: value } }));
const sorted = (values) => [...values].sort();

async function createTopic(topic, partitions, configs = []) {
  const [{ name, partitions: made, id }] = await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs });
  assert.deepStrictEqual([name, made], [topic, partitions]);
  const metadata = await admin.metadata({ topics: [topic] });
  assert.strictEqual(metadata.topics.get(topic).id, id);
}

async function closed(client, work) {
  try {
    return await work(client);
  } finally {
    await client.close(true);
  }
}

/** Values in the order of their arrival, until there are so many. */
function readAll(groupId, topic, count, extra = {}) {
  return closed(new Consumer({ ...common, groupId, deserializers: stringDeserializers }), async (consumer) => {
    const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: true, ...grouped, ...extra });
    const values = [];
    for await (const { value, headers } of stream) {
      values.push(value);
      if (headers.size > 0) assert.strictEqual(headers.get("same"), value);
      if (values.length === count) break;
    }
    await stream.close();
    return values;
  });
}

/** The codes of all errors that a refusal is made of. */
async function refusal(promise) {
  const codes = [];
  const collect = (error) => {
    if (error.apiId) codes.push(error.apiId);
    for (const inner of [...(error.errors ?? []), ...(error.cause ? [error.cause] : [])]) collect(inner);
  };
  await promise.then(() => assert.fail("it was not refused"), collect);
  return codes;
}

async function offsetsOf(group) {
  const [{ topics }] = await admin.listConsumerGroupOffsets({ groups: [group], requireStable: true });
  return topics.flatMap(({ name, partitions }) => partitions.map((one) => [name, one.partitionIndex, Number(one.committedOffset)])).sort();
}

const scenarios = {
  async every_codec_and_a_group_of_two() {
    await createTopic("pt", 4);
    const codecs = ["none", "gzip", "snappy", "lz4", ...(zlib.zstdCompressSync ? ["zstd"] : [])];
    const sent = [];
    for (const compression of codecs) {
      await closed(new Producer({ ...writing, compression }), async (producer) => {
        for (const from of [0, 200]) {
          const values = numbered(compression, from, from + 200);
          await producer.send({ messages: records("pt", values) });
          sent.push(...values);
        }
      });
    }
    assert.deepStrictEqual(sorted(await readAll("pt-one", "pt", sent.length)), sorted(sent));

    const members = [0, 1].map(() => new Consumer({ ...common, groupId: "pt-two", deserializers: stringDeserializers }));
    const streams = await Promise.all(members.map((one) =>
      one.consume({ topics: ["pt"], mode: "committed", fallbackMode: "earliest", autocommit: 100, ...grouped })));
    const seen = new Set();
    await new Promise((resolve, reject) => {
      const look = () => seen.size === sent.length && members.every((one) => one.assignments?.[0]?.partitions.length === 2) && resolve();
      for (const one of members) one.on("consumer:group:join", look);
      for (const stream of streams) stream.on("data", ({ value }) => { seen.add(value); look(); }).on("error", reject);
    });
    assert.deepStrictEqual(sorted(members.flatMap((one) => one.assignments[0].partitions)), [0, 1, 2, 3]);
    const group = (await admin.describeGroups({ groups: ["pt-two"] })).get("pt-two");
    assert.deepStrictEqual([group.state, group.protocolType, group.members.size], ["STABLE", "consumer", 2]);
    for (const stream of streams) await stream.close();
    for (const one of members) await one.close(true);
    const ends = (await offsetsOf("pt-two")).reduce((sum, [, , offset]) => sum + offset, 0);
    assert.strictEqual(ends, sent.length);
  },

  async transactions() {
    await createTopic("pt-from", 1);
    await createTopic("pt-to", 2);
    await closed(new Producer(writing), (producer) => producer.send({ messages: records("pt-from", numbered("in", 0, 30)) }));
    const copier = new Consumer({ ...common, groupId: "pt-copier", deserializers: stringDeserializers });
    await closed(new Producer({ ...writing, transactionalId: "pt-tx" }), async (producer) => {
      for (const end of ["commit", "abort", "commit"]) {
        const transaction = await producer.beginTransaction();
        await transaction.send({ messages: records("pt-to", [`${end} 1`, `${end} 2`]) });
        await transaction[end]();
      }
      const stream = await copier.consume({ topics: ["pt-from"], mode: "earliest", autocommit: false, ...grouped });
      const transaction = await producer.beginTransaction();
      await transaction.addConsumer(copier);
      let copied = 0;
      for await (const message of stream) {
        await transaction.send({ messages: records("pt-to", [`copy of ${message.value}`]) });
        await transaction.addOffset(message);
        if (++copied === 20) break;
      }
      await transaction.commit();
      await stream.close();
    });
    await copier.close(true);
    const expected = ["commit 1", "commit 2", "commit 1", "commit 2", ...numbered("copy of in", 0, 20)];
    assert.deepStrictEqual(sorted(await readAll("pt-reader", "pt-to", expected.length, { isolationLevel: 1 })), sorted(expected));
    assert.deepStrictEqual(await offsetsOf("pt-copier"), [["pt-from", 0, 20]]);
  },

  async administration() {
    const before = Date.now();
    await createTopic("pt-admin", 2, [{ name: "max.message.bytes", value: "9000000" }]);
    assert.deepStrictEqual(await refusal(admin.createTopics({ topics: ["pt-admin"], partitions: 1, replicas: 1 })), ["TOPIC_ALREADY_EXISTS"]);
    await admin.createPartitions({ topics: [{ name: "pt-admin", count: 3, assignments: null }] });
    const partitions = async () => (await admin.metadata({ topics: ["pt-admin"], forceUpdate: true })).topics.get("pt-admin").partitions;
    while ((await partitions()).length !== 3);  // a cluster's metadata takes a moment
    const settings = async () => {
      const [{ configs }] = await admin.describeConfigs({
        resources: [{ resourceType: topicResource, resourceName: "pt-admin", configurationKeys: ["max.message.bytes", "retention.ms"] }],
      });
      return Object.fromEntries(configs.map(({ name, value }) => [name, value]));
    };
    const retention = (value) => ({
      resourceType: topicResource, resourceName: "pt-admin", configs: [{ name: "retention.ms", configOperation: setOperation, value }],
    });
    await admin.incrementalAlterConfigs({ resources: [retention("3600000")] });
    assert.deepStrictEqual(await settings(), { "max.message.bytes": "9000000", "retention.ms": "3600000" });
    await admin.alterConfigs({ resources: [retention("7200000")] });
    assert.deepStrictEqual(await settings(), { "max.message.bytes": "1048588", "retention.ms": "7200000" });

    const toFirst = { ...writing, partitioner: () => 0 };
    await closed(new Producer(toFirst), (producer) => producer.send({ messages: records("pt-admin", numbered("a", 0, 50)) }));
    assert.strictEqual((await readAll("pt-admin-group", "pt-admin", 50)).length, 50);
    const listed = async (timestamp) => {
      const [{ partitions }] = await admin.listOffsets({ topics: [{ name: "pt-admin", partitions: [{ partitionIndex: 0, timestamp }] }] });
      return Number(partitions[0].offset);
    };
    assert.deepStrictEqual([await listed(-2n), await listed(-1n), await listed(BigInt(before))], [0, 50, 0]);
    const [{ partitions: [{ lowWatermark }] }] = await admin.deleteRecords({
      topics: [{ name: "pt-admin", partitions: [{ partition: 0, offset: 20n }] }],
    });
    assert.deepStrictEqual([Number(lowWatermark), await listed(-2n)], [20, 20]);

    assert.strictEqual((await admin.listGroups()).get("pt-admin-group").state, "EMPTY");
    const toThere = [{ name: "pt-admin", partitionOffsets: [{ partition: 0, offset: 33n }] }];
    await admin.alterConsumerGroupOffsets({ groupId: "pt-admin-group", topics: toThere });
    assert.deepStrictEqual((await offsetsOf("pt-admin-group")).find(([, partition]) => partition === 0), ["pt-admin", 0, 33]);
    await admin.deleteConsumerGroupOffsets({ groupId: "pt-admin-group", topics: [{ name: "pt-admin", partitionIndexes: [0] }] });
    assert.ok(!(await offsetsOf("pt-admin-group")).some(([, partition, offset]) => partition === 0 && offset >= 0));
    await admin.deleteGroups({ groups: ["pt-admin-group"] });
    assert.ok(!(await admin.listGroups()).has("pt-admin-group"));

    const [{ results: [folder] }] = await admin.describeLogDirs({ topics: [{ name: "pt-admin", partitions: [0] }] });
    assert.ok(folder.logDir.startsWith("/") && folder.topics[0].partitions[0].partitionSize > 0n);
    assert.ok(folder.usableBytes > 0n && folder.usableBytes <= folder.totalBytes);
    await admin.deleteTopics({ topics: ["pt-admin"] });
    assert.ok(!(await admin.listTopics()).includes("pt-admin"));
  },
};

const limit = setTimeout(() => { console.error("no end after 90 s"); process.exit(1); }, 90_000);
scenarios[scenario]().then(() => admin.close()).then(() => clearTimeout(limit), (error) => { console.error(error); process.exit(1); });
