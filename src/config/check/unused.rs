//! Warns about options that have no effect with the provider of the section.

use super::reader::Reader;
use crate::provider::{Mechanism, Provider};

/// Warns about the options that `provider` does not use. `is_named`: whether `service_name` names the provider.
pub(super) fn warn(reader: &mut Reader<'_>, provider: &Provider, is_named: bool) {
    if is_named {
        for option in &["update_url", "update_script"] {
            if reader.has_values(option) {
                reader.warn(option, format_args!("has no effect, because 'service_name' is set"));
            }
        }
    }
    let (proxied, ttl) = match &provider.mechanism {
        // Which options a script reads is not known.
        Mechanism::Script(_) => (true, true),
        Mechanism::Api(api) => (api.name == "cloudflare", true),
        Mechanism::Url(_) => (false, false),
    };
    if !proxied && reader.has_values("proxied") {
        let text =
            format_args!("has no effect: of all providers only 'cloudflare' has such a proxy");
        reader.warn("proxied", text);
    }
    if !ttl && reader.has_values("ttl") {
        let text =
            format_args!("has no effect: an update URL cannot say how long a record may be kept");
        reader.warn("ttl", text);
    }
}
