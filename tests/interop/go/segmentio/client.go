// segmentio's kafka-go against a broker: client ADDRESS SCENARIO. Exit status 0 when every comparison held.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/segmentio/kafka-go"
)

var address = os.Args[1]

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

func client() *kafka.Client { return &kafka.Client{Addr: kafka.TCP(address), Timeout: 20 * time.Second} }

func create(ctx context.Context, topic string, partitions int) {
	answer, err := client().CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1}}})
	must(err)
	must(answer.Errors[topic])
}

func numbers(from, to int) (all []string) {
	for ; from < to; from++ {
		all = append(all, fmt.Sprintf("%06d", from))
	}
	return all
}

func codecs(ctx context.Context) {
	begin := time.UnixMilli(1_700_000_000_000)
	for _, codec := range []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
		topic := fmt.Sprint("segmentio-", int(codec))
		create(ctx, topic, 1)
		writer := &kafka.Writer{Addr: kafka.TCP(address), Topic: topic, Compression: codec, RequiredAcks: kafka.RequireAll, BatchTimeout: 10 * time.Millisecond}
		var sent []kafka.Message
		for n := 0; n < 200; n++ {
			sent = append(sent, kafka.Message{Key: []byte("k"), Value: bytes.Repeat([]byte("v"), n*100), Time: begin.Add(time.Duration(n) * time.Second),
				Headers: []kafka.Header{{Key: "h", Value: []byte(fmt.Sprint(n))}}})
		}
		must(writer.WriteMessages(ctx, sent...))
		must(writer.Close())
		reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{address}, Topic: topic, Partition: 0, MaxBytes: 10 << 20})
		for n := 0; n < 200; n++ {
			one, err := reader.ReadMessage(ctx)
			must(err)
			expect("record", []any{one.Offset, len(one.Value), one.Time.UnixMilli(), string(one.Headers[0].Value)},
				[]any{n, n * 100, begin.UnixMilli() + int64(n)*1000, fmt.Sprint(n)})
		}
		must(reader.SetOffsetAt(ctx, begin.Add(7500*time.Millisecond)))
		one, err := reader.ReadMessage(ctx)
		must(err)
		expect("by time", one.Offset, 8)
		must(reader.Close())
	}
}

func groups(ctx context.Context) {
	create(ctx, "segmentio-shared", 4)
	member := func() *kafka.Reader {
		return kafka.NewReader(kafka.ReaderConfig{Brokers: []string{address}, GroupID: "segmentio-group", Topic: "segmentio-shared", StartOffset: kafka.FirstOffset,
			SessionTimeout: 6 * time.Second, HeartbeatInterval: 500 * time.Millisecond, MaxWait: 100 * time.Millisecond, JoinGroupBackoff: 200 * time.Millisecond})
	}
	writer := &kafka.Writer{Addr: kafka.TCP(address), Topic: "segmentio-shared", Balancer: &kafka.RoundRobin{}, RequiredAcks: kafka.RequireAll,
		BatchTimeout: 10 * time.Millisecond}
	send := func(values []string) {
		var all []kafka.Message
		for _, value := range values {
			all = append(all, kafka.Message{Value: []byte(value)})
		}
		must(writer.WriteMessages(ctx, all...))
	}
	type told struct {
		who   int
		value string
	}
	read := make(chan told, 10000)
	follow := func(who int, reader *kafka.Reader) {
		for {
			one, err := reader.ReadMessage(ctx) // which commits it, too
			if err != nil {
				return
			}
			read <- told{who, string(one.Value)}
		}
	}
	first := member()
	go follow(1, first)
	send(numbers(0, 500))
	seen, by := map[string]bool{}, map[int]int{}
	until := func(count int) {
		for len(seen) < count {
			select {
			case one := <-read:
				seen[one.value] = true
				by[one.who]++
			case <-time.After(60 * time.Second):
				must(fmt.Errorf("%d of %d values", len(seen), count))
			}
		}
	}
	until(500)
	second := member()
	go follow(2, second)
	next := 500
	for ; by[2] == 0 && next < 20000; next += 100 {
		send(numbers(next, next+100))
		until(next + 100)
	}
	expect("the second has a part", by[2] > 0, true)
	var all []string
	for value := range seen {
		all = append(all, value)
	}
	sort.Strings(all)
	expect("all", all, numbers(0, next))
	must(second.Close())
	must(first.Close())
	must(writer.Close())
	offsets, err := client().OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: "segmentio-group", Topics: map[string][]int{"segmentio-shared": {0, 1, 2, 3}}})
	must(err)
	sum := int64(0)
	for _, one := range offsets.Topics["segmentio-shared"] {
		sum += one.CommittedOffset
	}
	expect("committed", sum, next)
}

func administration(ctx context.Context) {
	one := client()
	create(ctx, "made", 2)
	described, err := one.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{"made"}})
	must(err)
	expect("partitions", len(described.Topics[0].Partitions), 2)
	grown, err := one.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: "made", Count: 3}}})
	must(err)
	must(grown.Errors["made"])
	changed, err := one.IncrementalAlterConfigs(ctx, &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: "made", Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "retention.ms", Value: "60000",
			ConfigOperation: kafka.ConfigOperationSet}}}}})
	must(err)
	must(changed.Resources[0].Error)
	configs, err := one.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: "made", ConfigNames: []string{"retention.ms"}}}})
	must(err)
	expect("setting", configs.Resources[0].ConfigEntries[0].ConfigValue, "60000")
	groups, err := one.ListGroups(ctx, &kafka.ListGroupsRequest{})
	must(err)
	expect("groups", len(groups.Groups), 0)
	offsets, err := one.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{"made": {kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0)}}})
	must(err)
	expect("ends", []int64{offsets.Topics["made"][0].FirstOffset, offsets.Topics["made"][0].LastOffset}, []int64{0, 0})
	id, err := one.InitProducerID(ctx, &kafka.InitProducerIDRequest{TransactionalID: "segmentio-tx", TransactionTimeoutMs: 10000})
	must(err)
	must(id.Error)
	link, err := kafka.Dial("tcp", address)
	must(err)
	controller, err := link.Controller()
	must(err)
	expect("controller", controller.ID, 1)
	must(link.DeleteTopics("made"))
	expect("gone", errors.Is(link.DeleteTopics("made"), kafka.UnknownTopicOrPartition), true)
	must(link.Close())
}

func main() {
	ctx, end := context.WithTimeout(context.Background(), 100*time.Second)
	defer end()
	map[string]func(context.Context){"codecs": codecs, "groups": groups, "administration": administration}[os.Args[2]](ctx)
}
