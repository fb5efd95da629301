//! rskafka against the broker: client ADDRESS records|kills. Ends with 0 if all was as it has to be.
use chrono::{DateTime, TimeZone, Utc};
use rskafka::client::partition::{Compression, OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use rskafka::record::Record;
use std::collections::BTreeMap;
use std::error::Error;
use tokio::io::{AsyncBufReadExt, BufReader};

type Outcome = Result<(), Box<dyn Error>>;

fn at(milliseconds: i64) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(milliseconds).unwrap()
}

fn record(key: Option<&str>, value: Option<&[u8]>, milliseconds: i64) -> Record {
    Record {
        key: key.map(|text| text.as_bytes().to_vec()),
        value: value.map(<[u8]>::to_vec),
        headers: BTreeMap::from([("origin".to_string(), b"rust".to_vec()), ("empty".to_string(), vec![])]),
        timestamp: at(milliseconds),
    }
}

async fn part(client: &Client, topic: &str, index: i32) -> Result<PartitionClient, Box<dyn Error>> {
    Ok(client.partition_client(topic, index, UnknownTopicHandling::Retry).await?)
}

/// All records from an offset on; answers to fetches are as large as they like.
async fn read(from: &PartitionClient, mut offset: i64) -> Result<Vec<(i64, Record)>, Box<dyn Error>> {
    let mut found = vec![];
    loop {
        let (records, end) = from.fetch_records(offset, 1..8_000_000, 500).await?;
        found.extend(records.into_iter().map(|each| (each.offset, each.record)));
        offset = found.last().map_or(offset, |last| last.0 + 1);
        if offset >= end {
            return Ok(found);
        }
    }
}

async fn records(client: &Client) -> Outcome {
    let controller = client.controller_client()?;
    controller.create_topic("rust", 2, 1, 10_000).await?;
    assert!(controller.create_topic("rust", 2, 1, 10_000).await.is_err(), "it exists");
    let topics = client.list_topics().await?;
    let mine = topics.iter().find(|topic| topic.name == "rust").expect("the topic is listed");
    assert_eq!(mine.partitions.len(), 2);

    let (first, second) = (part(client, "rust", 0).await?, part(client, "rust", 1).await?);
    let codecs = [Compression::NoCompression, Compression::Gzip, Compression::Lz4, Compression::Snappy, Compression::Zstd];
    let large = vec![7u8; 900_000];
    let mut sent = vec![];
    for (number, codec) in codecs.into_iter().enumerate() {
        let time = 1_000 * number as i64;
        let batch = vec![
            record(Some("key"), Some(format!("value {number}").as_bytes()), time),
            record(None, Some(b"without a key"), time + 1),
            record(Some("tombstone"), None, time + 2),
            record(Some("empty"), Some(b""), time + 3),
            record(Some("large"), Some(&large), time + 4),
        ];
        let offsets = first.produce(batch.clone(), codec).await?;
        sent.extend(offsets.into_iter().zip(batch));
    }
    assert_eq!(sent.iter().map(|each| each.0).collect::<Vec<_>>(), (0..25).collect::<Vec<_>>());
    assert!(read(&first, 0).await? == sent, "what was sent is read");
    assert!(read(&first, 7).await? == sent[7..], "from the middle of a batch on");
    assert!(second.fetch_records(0, 1..1000, 100).await?.0.is_empty());
    assert!(first.fetch_records(26, 1..1000, 100).await.is_err(), "behind the end");

    assert_eq!(first.get_offset(OffsetAt::Earliest).await?, 0);
    assert_eq!(first.get_offset(OffsetAt::Latest).await?, 25);
    assert_eq!(first.get_offset(OffsetAt::Timestamp(at(2_003))).await?, 13);
    assert_eq!(first.get_offset(OffsetAt::Timestamp(at(9_000))).await?, -1);
    first.delete_records(12, 10_000).await?;
    assert_eq!(first.get_offset(OffsetAt::Earliest).await?, 12);
    assert!(read(&first, 12).await? == sent[12..], "behind what was deleted");
    assert!(first.fetch_records(3, 1..1000, 100).await.is_err(), "deleted");
    controller.delete_topic("rust", 10_000).await?;
    assert!(!client.list_topics().await?.iter().any(|topic| topic.name == "rust"));
    Ok(())
}

/// Writes until a line comes in, and says so now and then; then everything that was acknowledged is where the answer said.
async fn kills(client: &Client) -> Outcome {
    client.controller_client()?.create_topic("killed", 1, 1, 10_000).await?;
    let partition = part(client, "killed", 0).await?;
    let mut told = BufReader::new(tokio::io::stdin()).lines();
    let mut acknowledged = BTreeMap::new();
    for number in 0.. {
        let batch = (0..10).map(|i| record(None, Some(format!("{number} {i}").as_bytes()), number)).collect::<Vec<_>>();
        let values = batch.iter().map(|each| each.value.clone()).collect::<Vec<_>>();
        let offsets = partition.produce(batch, Compression::Lz4).await?;
        acknowledged.extend(offsets.into_iter().zip(values));
        if number % 20 == 19 {
            println!("so far");
        }
        if let Ok(line) = tokio::time::timeout(std::time::Duration::from_millis(1), told.next_line()).await {
            line?;
            break;
        }
    }
    let found: BTreeMap<_, _> = read(&partition, 0).await?.into_iter().map(|(offset, each)| (offset, each.value)).collect();
    for (offset, value) in &acknowledged {
        assert!(found.get(offset) == Some(value), "offset {offset}");
    }
    println!("acknowledged {}", acknowledged.len());
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().collect();
    let client = ClientBuilder::new(vec![arguments[1].clone()]).build().await?;
    match arguments[2].as_str() {
        "records" => records(&client).await,
        _ => kills(&client).await,
    }
}
