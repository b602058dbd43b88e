//! What a record is beside its name, type and rdata.

/// What a record is beside its name, type and address, and which of several it is. All ours but
/// `record_id`, `rec_id` and `zone_id`, which some scripts of ddns-scripts have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordOptions {
    /// `zone`: the zone that holds the record, where it need not be looked for.
    pub zone: Option<String>,
    /// `zone_id`: what the provider calls that zone.
    pub zone_id: Option<String>,
    /// `record_id`, `rec_id`: what the provider calls the record.
    pub id: Option<String>,
    /// `ttl`: seconds; a record keeps its own, and a new one gets 300 or the provider's least, if unset.
    pub ttl: Option<u32>,
    /// `proxied`: whether the provider's proxy stands before the address (Cloudflare).
    pub proxied: Option<bool>,
}
