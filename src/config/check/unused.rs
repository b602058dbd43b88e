//! Warns about options that have no effect with the provider of the section.

use super::reader::Reader;
use crate::provider::{Mechanism, Provider};

/// Warns about the options that `provider` does not use. A script may use any option.
pub(super) fn warn(reader: &mut Reader<'_>, provider: &Provider) {
    if !matches!(reader.text("service_name"), None | Some("-" | "custom")) {
        for option in ["update_url", "update_script"] {
            if !reader.values(option).is_empty() {
                reader.warn(option, "has no effect, because 'service_name' is set");
            }
        }
    }
    let (proxied, ttl) = match &provider.mechanism {
        Mechanism::Script(_) => (true, true),
        Mechanism::Api(api) => (api.name == "cloudflare", true),
        Mechanism::Url(_) => (false, false),
    };
    if !proxied && !reader.values("proxied").is_empty() {
        reader
            .warn("proxied", "has no effect: of all providers only 'cloudflare' has such a proxy");
    }
    if !ttl && !reader.values("ttl").is_empty() {
        reader.warn("ttl", "has no effect: an update URL cannot say how long a record may be kept");
    }
}
