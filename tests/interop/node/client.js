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
};

const limit = setTimeout(() => { console.error("no end after 90 s"); process.exit(1); }, 90_000);
scenarios[scenario]().then(() => clearTimeout(limit), (error) => { console.error(error); process.exit(1); });
