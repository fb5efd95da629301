// Sarama against a broker: client ADDRESS SCENARIO. Exit status 0 when every comparison held.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

var brokers = []string{os.Args[1]}

func must(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%T: %v\n", err, err)
		os.Exit(1)
	}
}

func expect(what string, found, wanted any) {
	if fmt.Sprint(found) != fmt.Sprint(wanted) {
		must(fmt.Errorf("%s: %.300v and not %.300v", what, found, wanted))
	}
}

func config() *sarama.Config {
	one := sarama.NewConfig()
	one.Version = sarama.MaxVersion
	one.Producer.Return.Successes = true
	one.Producer.RequiredAcks = sarama.WaitForAll
	one.Consumer.Offsets.Initial = sarama.OffsetOldest
	one.Consumer.Return.Errors = true
	return one
}

func admin() sarama.ClusterAdmin {
	one, err := sarama.NewClusterAdmin(brokers, config())
	must(err)
	return one
}

func create(topic string, partitions int32) {
	one := admin()
	defer one.Close()
	must(one.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}, false))
}

func numbers(from, to int) (all []string) {
	for ; from < to; from++ {
		all = append(all, fmt.Sprintf("%06d", from))
	}
	return all
}

func send(producer sarama.SyncProducer, topic string, values []string) {
	var all []*sarama.ProducerMessage
	for n, value := range values {
		all = append(all, &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(fmt.Sprint("k", n%7)), Value: sarama.StringEncoder(value)})
	}
	must(producer.SendMessages(all))
}

func read(topic string, count int, change func(*sarama.Config)) (all []*sarama.ConsumerMessage) {
	settings := config()
	change(settings)
	consumer, err := sarama.NewConsumer(brokers, settings)
	must(err)
	defer consumer.Close()
	part, err := consumer.ConsumePartition(topic, 0, sarama.OffsetOldest)
	must(err)
	defer part.Close()
	for len(all) < count {
		select {
		case one := <-part.Messages():
			all = append(all, one)
		case failed := <-part.Errors():
			must(failed)
		case <-time.After(30 * time.Second):
			must(fmt.Errorf("%s: %d of %d records", topic, len(all), count))
		}
	}
	return all
}

// codecs writes with each one, by every version that Sarama knows from Kafka 2.1 on, and reads the same again.
func codecs() {
	begin := time.UnixMilli(1_700_000_000_000)
	for _, version := range []sarama.KafkaVersion{sarama.V2_1_0_0, sarama.V2_8_0_0, sarama.MaxVersion} {
		for _, codec := range []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4,
			sarama.CompressionZSTD} {
			settings := config()
			settings.Version, settings.Producer.Compression = version, codec
			topic := fmt.Sprint("sarama-", codec, "-", version)
			create(topic, 1)
			producer, err := sarama.NewSyncProducer(brokers, settings)
			must(err)
			var sent []*sarama.ProducerMessage
			for n := 0; n < 200; n++ {
				sent = append(sent, &sarama.ProducerMessage{Topic: topic, Timestamp: begin.Add(time.Duration(n) * time.Second), Key: sarama.StringEncoder("k"),
					Value: sarama.ByteEncoder(bytes.Repeat([]byte("v"), n*100)), Headers: []sarama.RecordHeader{{Key: []byte("h"), Value: []byte(fmt.Sprint(n))}}})
			}
			must(producer.SendMessages(sent))
			must(producer.Close())
			for n, one := range read(topic, 200, func(c *sarama.Config) { c.Version = version }) {
				expect("record", []any{one.Offset, len(one.Value), one.Timestamp.UnixMilli(), string(one.Headers[0].Value)},
					[]any{n, n * 100, begin.UnixMilli() + int64(n)*1000, fmt.Sprint(n)})
			}
			client, err := sarama.NewClient(brokers, settings)
			must(err)
			offset, err := client.GetOffset(topic, 0, begin.UnixMilli()+7500)
			must(err)
			expect("by time", offset, 8)
			must(client.Close())
		}
	}
}

type member struct {
	lock    sync.Mutex
	values  []string
	claimed int
}

func (m *member) Setup(session sarama.ConsumerGroupSession) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.claimed = len(session.Claims()["sarama-shared"])
	return nil
}

func (m *member) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (m *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case one, more := <-claim.Messages():
			if !more {
				return nil
			}
			m.lock.Lock()
			m.values = append(m.values, string(one.Value))
			m.lock.Unlock()
			session.MarkMessage(one, "")
		case <-session.Context().Done():
			return nil
		}
	}
}

func (m *member) state() (int, []string) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.claimed, append([]string{}, m.values...)
}

func join(ctx context.Context, settings *sarama.Config) (*member, func()) {
	group, err := sarama.NewConsumerGroup(brokers, "sarama-group", settings)
	must(err)
	one, done := &member{}, make(chan bool)
	ctx, leave := context.WithCancel(ctx)
	go func() {
		for ctx.Err() == nil {
			if err := group.Consume(ctx, []string{"sarama-shared"}, one); err != nil && !errors.Is(err, sarama.ErrClosedConsumerGroup) {
				must(err)
			}
		}
		close(done)
	}()
	return one, func() { leave(); <-done; must(group.Close()) }
}

func until(what string, good func() bool) {
	for end := time.Now().Add(60 * time.Second); !good(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			must(errors.New("never: " + what))
		}
	}
}

func groups() {
	create("sarama-shared", 4)
	producer, err := sarama.NewSyncProducer(brokers, config())
	must(err)
	for _, static := range []string{"", "instance-"} {
		settings := func(n int) *sarama.Config {
			one := config()
			one.Consumer.Group.Session.Timeout = 6 * time.Second
			one.Consumer.Group.Heartbeat.Interval = 500 * time.Millisecond
			if static != "" {
				one.Consumer.Group.InstanceId = fmt.Sprint(static, n)
			}
			return one
		}
		first, leaveFirst := join(context.Background(), settings(1))
		until("all four", func() bool { claimed, _ := first.state(); return claimed == 4 })
		second, leaveSecond := join(context.Background(), settings(2))
		until("two each", func() bool {
			a, _ := first.state()
			b, _ := second.state()
			return a == 2 && b == 2
		})
		send(producer, "sarama-shared", numbers(0, 1000))
		all := func() []string {
			_, a := first.state()
			_, b := second.state()
			return append(a, b...)
		}
		until("a thousand", func() bool { return len(all()) >= 1000 })
		got := all()
		sort.Strings(got)
		expect("each once", got, numbers(0, 1000))
		leaveSecond()
		if static == "" {
			until("all four again", func() bool { claimed, _ := first.state(); return claimed == 4 })
		}
		leaveFirst()
		one := admin()
		offsets, err := one.ListConsumerGroupOffsets("sarama-group", nil)
		must(err)
		sum := int64(0)
		for _, block := range offsets.Blocks["sarama-shared"] {
			sum += block.Offset
		}
		expect("committed", sum%1000, 0)
		must(one.Close())
	}
	must(producer.Close())
}

func transactions() {
	create("sarama-tx", 1)
	settings := config()
	settings.Producer.Idempotent, settings.Net.MaxOpenRequests = true, 1
	settings.Producer.Transaction.ID, settings.Producer.Transaction.Timeout = "sarama-tx-id", 20*time.Second
	producer, err := sarama.NewSyncProducer(brokers, settings)
	must(err)
	for _, one := range []struct {
		from   int
		commit bool
	}{{0, true}, {10, false}, {20, true}} {
		must(producer.BeginTxn())
		send(producer, "sarama-tx", numbers(one.from, one.from+10))
		must(producer.AddOffsetsToTxn(map[string][]*sarama.PartitionOffsetMetadata{"sarama-tx": {{Partition: 0, Offset: int64(one.from + 10)}}}, "sarama-tx-group"))
		if one.commit {
			must(producer.CommitTxn())
		} else {
			must(producer.AbortTxn())
		}
	}
	var got []string
	for _, one := range read("sarama-tx", 20, func(c *sarama.Config) { c.Consumer.IsolationLevel = sarama.ReadCommitted }) {
		got = append(got, string(one.Value))
	}
	expect("committed", got, append(numbers(0, 10), numbers(20, 30)...))
	control := admin()
	offsets, err := control.ListConsumerGroupOffsets("sarama-tx-group", map[string][]int32{"sarama-tx": {0}})
	must(err)
	expect("offset", offsets.GetBlock("sarama-tx", 0).Offset, 30)
	must(control.Close())
	successor, err := sarama.NewSyncProducer(brokers, settings)
	must(err)
	must(producer.BeginTxn())
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: "sarama-tx", Value: sarama.StringEncoder("zombie")})
	if err == nil {
		err = producer.CommitTxn()
	}
	expect("the zombie is refused", err != nil, true)
	must(successor.Close())
}

func administration() {
	one := admin()
	defer one.Close()
	value := "60000"
	must(one.CreateTopic("made", &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1, ConfigEntries: map[string]*string{"retention.ms": &value}}, false))
	expect("again", errors.Is(one.CreateTopic("made", &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1}, false), sarama.ErrTopicAlreadyExists), true)
	must(one.CreatePartitions("made", 5, nil, false))
	topics, err := one.ListTopics()
	must(err)
	expect("partitions", topics["made"].NumPartitions, 5)
	expect("setting", *topics["made"].ConfigEntries["retention.ms"], value)
	entries, err := one.DescribeConfig(sarama.ConfigResource{Type: sarama.BrokerResource, Name: "1", ConfigNames: []string{"num.partitions"}})
	must(err)
	expect("of the broker", entries[0].Value, "1")
	changed := "70000"
	must(one.IncrementalAlterConfig(sarama.TopicResource, "made", map[string]sarama.IncrementalAlterConfigsEntry{
		"retention.ms": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &changed}}, false))
	must(one.AlterConfig(sarama.TopicResource, "made", map[string]*string{"retention.ms": &value}, false))
	producer, err := sarama.NewSyncProducer(brokers, config())
	must(err)
	for n := 0; n < 10; n++ {
		_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: "made", Partition: 0, Value: sarama.StringEncoder("x"), Key: sarama.StringEncoder("same")})
		must(err)
	}
	must(producer.Close())
	client, err := sarama.NewClient(brokers, config())
	must(err)
	ends := map[int32]int64{}
	for part := int32(0); part < 5; part++ {
		ends[part], err = client.GetOffset("made", part, sarama.OffsetNewest)
		must(err)
	}
	must(one.DeleteRecords("made", ends))
	for part, end := range ends {
		start, err := client.GetOffset("made", part, sarama.OffsetOldest)
		must(err)
		expect("start", start, end)
	}
	must(client.Close())
	_, controller, err := one.DescribeCluster()
	must(err)
	expect("controller", controller, 1)
	folders, err := one.DescribeLogDirs([]int32{1})
	must(err)
	expect("folders", len(folders[1]), 1)
	moves, err := one.ListPartitionReassignments("made", []int32{0})
	must(err)
	expect("moves", len(moves), 0)
	_, err = one.ListAcls(sarama.AclFilter{ResourceType: sarama.AclResourceAny, ResourcePatternTypeFilter: sarama.AclPatternAny, Operation: sarama.AclOperationAny,
		PermissionType: sarama.AclPermissionAny})
	expect("access rules", err == nil || errors.Is(err, sarama.ErrSecurityDisabled), true)
	described, err := one.DescribeConsumerGroups([]string{"nobody"})
	must(err)
	expect("nobody", described[0].State, "Dead")
	expect("nobody deleted", errors.Is(one.DeleteConsumerGroup("nobody"), sarama.ErrGroupIDNotFound), true)
	must(one.DeleteTopic("made"))
	expect("gone", errors.Is(one.DeleteTopic("made"), sarama.ErrUnknownTopicOrPartition), true)
}

func main() {
	time.AfterFunc(100*time.Second, func() { must(errors.New("no end after 100 s")) })
	map[string]func(){"codecs": codecs, "groups": groups, "transactions": transactions, "administration": administration}[os.Args[2]]()
}
