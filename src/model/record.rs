//! Properties of a record beside its name, type and rdata.

/// Options that describe a record beside its name and address, or say which record is meant.
/// `record_id`, `rec_id` and `zone_id` come from scripts of ddns-scripts; the others are our own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordOptions {
    /// `zone`: the zone that holds the record. If it is set, the provider is not asked for it.
    pub zone: Option<String>,
    /// `zone_id`: the provider's identifier of that zone.
    pub zone_id: Option<String>,
    /// `record_id`, `rec_id`: the provider's identifier of the record.
    pub id: Option<String>,
    /// `ttl` in seconds. If it is not set, an existing record keeps its TTL, and a new record gets
    /// 300 or the provider's minimum.
    pub ttl: Option<u32>,
    /// `proxied`: whether Cloudflare's proxy stands before the address. If it is not set, an
    /// existing record keeps what it has.
    pub proxied: Option<bool>,
    /// `share`: whether others have addresses under the same name, too. Only our own is replaced or removed.
    pub share: bool,
}
