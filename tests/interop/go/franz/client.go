// franz-go against a broker: client ADDRESS SCENARIO. Exit status 0 when every comparison held.
package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const large = 4 << 20

var address = os.Args[1]

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func expect(what string, found, wanted any) {
	if fmt.Sprint(found) != fmt.Sprint(wanted) {
		must(fmt.Errorf("%s: %.300v and not %.300v", what, found, wanted))
	}
}

func client(options ...kgo.Opt) *kgo.Client {
	one, err := kgo.NewClient(append(options, kgo.SeedBrokers(address), kgo.ProducerBatchMaxBytes(2*large))...)
	must(err)
	return one
}

func create(ctx context.Context, topic string, partitions int32) {
	one := client()
	defer one.Close()
	request := kmsg.NewCreateTopicsRequest()
	wanted := kmsg.NewCreateTopicsRequestTopic()
	wanted.Topic, wanted.NumPartitions, wanted.ReplicationFactor = topic, partitions, 1
	config := kmsg.NewCreateTopicsRequestTopicConfig()
	config.Name, config.Value = "max.message.bytes", kmsg.StringPtr(fmt.Sprint(2*large))
	wanted.Configs = append(wanted.Configs, config)
	request.Topics = append(request.Topics, wanted)
	answer, err := request.RequestWith(ctx, one)
	must(err)
	must(kerr.ErrorForCode(answer.Topics[0].ErrorCode))
}

// read takes `count` records from the reader.
func read(ctx context.Context, reader *kgo.Client, count int) (records []*kgo.Record) {
	for len(records) < count {
		fetches := reader.PollFetches(ctx)
		for _, failed := range fetches.Errors() {
			must(failed.Err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

func values(records []*kgo.Record) (all []string) {
	for _, one := range records {
		all = append(all, string(one.Value))
	}
	return all
}

func numbers(from, to int) (all []string) {
	for ; from < to; from++ {
		all = append(all, fmt.Sprintf("%06d", from))
	}
	return all
}

func records(topic string, wanted []string) (all []*kgo.Record) {
	for _, value := range wanted {
		all = append(all, &kgo.Record{Topic: topic, Value: []byte(value)})
	}
	return all
}

func codecs(ctx context.Context) {
	noise := make([]byte, large)
	rand.New(rand.NewSource(1)).Read(noise)
	begin := time.UnixMilli(1_700_000_000_000)
	for name, codec := range map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()} {
		topic := "go-" + name
		create(ctx, topic, 1)
		sent := []*kgo.Record{{Key: []byte("k"), Value: nil}, {Key: nil, Value: []byte("v")}, {Key: []byte{}, Value: []byte{}},
			{Value: noise, Headers: []kgo.RecordHeader{{Key: "a", Value: []byte("1")}, {Key: "a", Value: nil}, {Key: "b", Value: []byte{}}}}}
		for n := 4; n < 200; n++ {
			sent = append(sent, &kgo.Record{Value: bytes.Repeat([]byte("v"), n)})
		}
		writer := client(kgo.ProducerBatchCompression(codec), kgo.DefaultProduceTopic(topic))
		for n, one := range sent {
			one.Timestamp = begin.Add(time.Duration(n) * time.Second)
		}
		must(writer.ProduceSync(ctx, sent...).FirstErr())
		writer.Close()
		reader := client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		for n, one := range read(ctx, reader, len(sent)) {
			same := bytes.Equal(one.Key, sent[n].Key) && bytes.Equal(one.Value, sent[n].Value) && (one.Key == nil) == (sent[n].Key == nil) &&
				(one.Value == nil) == (sent[n].Value == nil) && one.Timestamp.Equal(sent[n].Timestamp) && one.Offset == int64(n)
			expect(fmt.Sprint(topic, " record ", n), same, true)
			expect("headers", one.Headers, sent[n].Headers)
		}
		reader.Close()
		late := client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AfterMilli(begin.UnixMilli()+7500)))
		expect("seek by time", read(ctx, late, 1)[0].Offset, 8)
		late.Close()
	}
}

// many writes and waits for each tenth of a second's worth; the script kills the broker meanwhile.
func many(ctx context.Context) {
	create(ctx, "many", 1)
	writer := client(kgo.DefaultProduceTopic("many"), kgo.ProducerBatchMaxBytes(2000))
	fmt.Println("begun")
	failed := make(chan error, 20000)
	for n, value := range numbers(0, 20000) {
		writer.Produce(ctx, &kgo.Record{Value: []byte(value)}, func(_ *kgo.Record, err error) { failed <- err })
		if n%1000 == 999 {
			time.Sleep(100 * time.Millisecond) // so that the kills fall between the records
		}
	}
	for n := 0; n < 20000; n++ {
		must(<-failed)
	}
	writer.Close()
	reader := client(kgo.ConsumeTopics("many"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	expect("values", values(read(ctx, reader, 20000)), numbers(0, 20000))
	reader.Close()
}

func groups(ctx context.Context) {
	create(ctx, "shared", 4)
	writer := client()
	defer writer.Close()
	member := func() *kgo.Client {
		return client(kgo.ConsumerGroup("go-group"), kgo.ConsumeTopics("shared"), kgo.SessionTimeout(6*time.Second),
			kgo.HeartbeatInterval(500*time.Millisecond), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	}
	first := member()
	must(writer.ProduceSync(ctx, records("shared", numbers(0, 500))...).FirstErr())
	got := values(read(ctx, first, 500))
	sort.Strings(got)
	expect("all", got, numbers(0, 500))
	must(first.CommitUncommittedOffsets(ctx))
	second := member()
	taken := map[string]int{}
	for next := 500; next < 40000 && (taken["second"] == 0 || next == 500); next += 500 {
		must(writer.ProduceSync(ctx, records("shared", numbers(next, next+500))...).FirstErr())
		brief, done := context.WithTimeout(ctx, time.Second)
		taken["first"] += len(first.PollFetches(brief).Records())
		taken["second"] += len(second.PollFetches(brief).Records())
		done()
		must(first.CommitUncommittedOffsets(ctx))
	}
	expect("the second has a part", taken["second"] > 0, true)
	second.Close()
	first.Close()
}

func transactions(ctx context.Context) {
	create(ctx, "tx", 2)
	writer := client(kgo.TransactionalID("go-tx"), kgo.DefaultProduceTopic("tx"), kgo.TransactionTimeout(20*time.Second))
	for _, one := range []struct {
		from   int
		commit kgo.TransactionEndTry
	}{{0, kgo.TryCommit}, {10, kgo.TryAbort}, {20, kgo.TryCommit}} {
		must(writer.BeginTransaction())
		must(writer.ProduceSync(ctx, records("tx", numbers(one.from, one.from+10))...).FirstErr())
		must(writer.EndTransaction(ctx, one.commit))
	}
	reader := client(kgo.ConsumeTopics("tx"), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	got := values(read(ctx, reader, 20))
	sort.Strings(got)
	expect("committed", got, append(numbers(0, 10), numbers(20, 30)...))
	reader.Close()
	successor := client(kgo.TransactionalID("go-tx"))
	_, _, err := successor.ProducerID(ctx)
	must(err)
	must(writer.BeginTransaction())
	err = writer.ProduceSync(ctx, records("tx", numbers(99, 100))...).FirstErr()
	expect("the zombie is refused", err != nil, true)
	successor.Close()
	writer.CloseAllowingRebalance()
}

func main() {
	ctx, end := context.WithTimeout(context.Background(), 90*time.Second)
	defer end()
	map[string]func(context.Context){"codecs": codecs, "many": many, "groups": groups, "transactions": transactions}[os.Args[2]](ctx)
}
