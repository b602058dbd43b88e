//! Configurations of other clients.

use ddns_netlink::config::uci;
use ddns_netlink::import::{CLIENTS, Client};

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "import_text",
    body: import_text,
    seeds: &[
        include_bytes!("../data/import/inadyn.conf"),
        include_bytes!("../data/import/ddclient.conf"),
        include_bytes!("../data/import/ddns-go.yaml"),
    ],
    words: &[
        "provider ",
        " { ",
        " }",
        "\"",
        "'",
        "\\\n",
        "protocol=",
        "password=",
        "- ",
        ": |\n",
        "#",
    ],
};

/// Whatever the client, the sections are those of a valid UCI file.
pub(crate) fn import_text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Client::of(&text);
    for (_, client) in CLIENTS {
        let (_, mistakes) = uci::parse(client.import(&text).uci.as_bytes());
        assert!(mistakes.is_empty(), "{mistakes:?}");
    }
}
