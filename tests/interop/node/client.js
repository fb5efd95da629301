// kafkajs against a broker: node client.js LIBRARY ADDRESS SCENARIO. Exit status 0 when every comparison held.
const assert = require("node:assert");
const [, , library, address, scenario] = process.argv;
const { Kafka, logLevel } = require(library);

const kafka = new Kafka({ clientId: "holdfast-test", brokers: [address], logLevel: logLevel.ERROR, retry: { retries: 10 } });
const numbers = (from, to) => Array.from({ length: to - from }, (_, i) => String(from + i));
const inOrder = (values) => values.map(Number).sort((a, b) => a - b).map(String);

async function createTopic(topic, partitions) {
  const admin = kafka.admin();
  await admin.connect();
  assert.strictEqual(await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true }), true);
  await admin.disconnect();
}

async function send(producer, topic, values) {
  await producer.send({ topic, acks: -1, messages: values.map((value) => ({ key: `k${value % 7}`, value, headers: { n: value } })) });
}

/** A member of a group that notes what it reads; `until(count)` resolves once so many records were noted. */
async function member(groupId, topic, extra = {}) {
  const one = { values: [], partitions: [], joined: 0, wake: () => {} };
  one.consumer = kafka.consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 500, rebalanceTimeout: 10000, ...extra });
  one.consumer.on(one.consumer.events.GROUP_JOIN, ({ payload }) => {
    one.joined += 1;
    one.partitions = payload.memberAssignment[topic] ?? [];
    one.wake();
  });
  // Only what belongs to a finished batch counts: a consumer that stops within one leaves its offsets behind.
  const pending = [];
  one.consumer.on(one.consumer.events.END_BATCH_PROCESS, () => {
    one.values.push(...pending.splice(0));
    one.wake();
  });
  await one.consumer.connect();
  await one.consumer.subscribe({ topics: [topic], fromBeginning: true });
  await one.consumer.run({
    eachMessage: async ({ message }) => {
      assert.strictEqual(message.headers.n.toString(), message.value.toString());
      pending.push(message.value.toString());
    },
  });
  return one;
}

/** Waits for a condition that members bring about; each of their steps asks anew. */
function until(members, condition) {
  return new Promise((resolve) => {
    const look = () => condition() && resolve();
    for (const one of members) one.wake = look;
    look();
  });
}

const scenarios = {
  async groups_share_and_rebalance() {
    await createTopic("js", 4);
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    await send(producer, "js", numbers(0, 500));
    const first = await member("js-group", "js");
    await until([first], () => first.values.length === 500);
    assert.deepStrictEqual(inOrder(first.values), numbers(0, 500));
    assert.strictEqual(first.partitions.length, 4);
    const second = await member("js-group", "js");
    await until([first, second], () => first.partitions.length === 2 && second.partitions.length === 2);
    await send(producer, "js", numbers(500, 1000));
    await until([first, second], () => first.values.length + second.values.length === 1000);
    assert.deepStrictEqual(inOrder([...first.values, ...second.values]), numbers(0, 1000));
    assert.ok(second.values.length > 0 && second.values.length < 500);
    await second.consumer.disconnect();
    await until([first], () => first.partitions.length === 4);
    await first.consumer.disconnect();
    const admin = kafka.admin();
    await admin.connect();
    const [{ partitions }] = await admin.fetchOffsets({ groupId: "js-group", topics: ["js"] });
    assert.strictEqual(partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0), 1000);
    const { groups } = await admin.listGroups();
    assert.deepStrictEqual(groups.map((group) => group.groupId), ["js-group"]);
    await admin.deleteGroups(["js-group"]);
    await admin.disconnect();
    await producer.disconnect();
  },

  async transactions_commit_abort_and_carry_offsets() {
    await createTopic("js-tx", 2);
    const producer = kafka.producer({ transactionalId: "js-tx-id", idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const [from, commit] of [[0, true], [100, false], [200, true]]) {
      const transaction = await producer.transaction();
      await send(transaction, "js-tx", numbers(from, from + 100));
      await transaction.sendOffsets({ consumerGroupId: "js-tx-group", topics: [{ topic: "js-tx", partitions: [{ partition: 0, offset: String(from + 100) }] }] });
      await (commit ? transaction.commit() : transaction.abort());
    }
    const reader = await member("js-tx-reader", "js-tx");
    await until([reader], () => reader.values.length === 200);
    await producer.disconnect();
    await reader.consumer.disconnect();
    assert.deepStrictEqual(inOrder(reader.values), [...numbers(0, 100), ...numbers(200, 300)]);
    const admin = kafka.admin();
    await admin.connect();
    const [{ partitions }] = await admin.fetchOffsets({ groupId: "js-tx-group", topics: ["js-tx"] });
    assert.strictEqual(partitions[0].offset, "300");
    await admin.disconnect();
  },

  /** kafkajs itself has one codec; a null value, an empty one and no key at all are different things. */
  async records_times_pauses_and_deletion() {
    const { CompressionTypes } = require(library);
    const large = require("node:crypto").randomBytes(4 << 20);
    const begin = 1_700_000_000_000;
    const admin = kafka.admin();
    await admin.connect();
    for (const [topic, compression] of [["js-none", CompressionTypes.None], ["js-gzip", CompressionTypes.GZIP]]) {
      await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries: [{ name: "max.message.bytes", value: "9000000" }] }], waitForLeaders: true });
      const sent = [{ key: "k", value: null }, { key: null, value: "no key" }, { key: "", value: "" }, { key: "large", value: large },
        ...numbers(4, 100).map((value) => ({ key: `k${value}`, value }))]
        .map((one, i) => ({ ...one, timestamp: String(begin + i * 1000), headers: { number: String(i), twice: ["a", "b"] } }));
      const producer = kafka.producer();
      await producer.connect();
      for (const message of sent) await producer.send({ topic, acks: -1, compression, messages: [message] });
      await producer.disconnect();
      const consumer = kafka.consumer({ groupId: `${topic}-group`, sessionTimeout: 6000, maxBytesPerPartition: 9_000_000 });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      const read = [];
      let finished;
      const done = new Promise((resolve) => { finished = resolve; });
      await consumer.run({
        eachMessage: async ({ message }) => {
          read.push(message);
          if (read.length === 50) {  // nothing may come while it is paused
            consumer.pause([{ topic }]);
            setTimeout(() => { assert.strictEqual(read.length, 50); consumer.resume([{ topic }]); }, 300);
          }
          if (read.length === sent.length) finished();
        },
      });
      await done;
      const bytes = (value) => (value === null ? null : Buffer.from(value).toString("base64"));
      assert.deepStrictEqual(read.map((one) => [one.offset, bytes(one.key), bytes(one.value), one.timestamp]),
        sent.map((one, i) => [String(i), bytes(one.key), bytes(one.value), one.timestamp]));
      assert.deepStrictEqual(read[7].headers, { number: Buffer.from("7"), twice: [Buffer.from("a"), Buffer.from("b")] });
      assert.deepStrictEqual(await admin.fetchTopicOffsetsByTimestamp(topic, begin + 7500), [{ partition: 0, offset: "8" }]);
      const again = new Promise((resolve) => { finished = resolve; });
      const before = read.length;
      consumer.seek({ topic, partition: 0, offset: "90" });
      const look = setInterval(() => read.length >= before + 10 && finished(), 20);
      await again;
      clearInterval(look);
      assert.deepStrictEqual(read.slice(before).map((one) => one.offset), numbers(90, 100));
      await consumer.disconnect();
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "60" }] });
      assert.strictEqual((await admin.fetchTopicOffsets(topic))[0].low, "60");
    }
    await admin.disconnect();
  },

  /** Says how far it is; the script kills the broker meanwhile. */
  async idempotence_over_kill_9() {
    await createTopic("js-many", 1);
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, retry: { retries: 100, initialRetryTime: 50, maxRetryTime: 500 } });
    await producer.connect();
    for (let from = 0; from < 2000; from += 20) {
      await send(producer, "js-many", numbers(from, from + 20));
      if (from % 400 === 200) {
        console.log("kill");
        await new Promise((resolve) => process.stdin.once("data", resolve));
      }
    }
    await producer.disconnect();
    const reader = await member("js-many-group", "js-many");
    await until([reader], () => reader.values.length >= 2000);
    assert.deepStrictEqual(reader.values, numbers(0, 2000));
    await reader.consumer.disconnect();
    process.stdin.destroy();
  },
};

const limit = setTimeout(() => { console.error("no end after 90 s"); process.exit(1); }, 90_000);
scenarios[scenario]().then(() => clearTimeout(limit), (error) => { console.error(error); process.exit(1); });
