//! The HTTP library accepts every URL that an update template renders to, without changing it.

use ddns_netlink::model::Hostname;
use ddns_netlink::model::secret::Secret;
use ddns_netlink::provider::families;
use ddns_netlink::provider::template::{self, Subject};
use ddns_netlink::provider::{Account, Author, Mechanism, Provider, Urls};
use proptest::prelude::*;

proptest! {
    #[test]
    fn the_http_library_accepts_every_rendered_url(
        template in "https?://([a-z:%]{0,5}@)?[a-z0-9._~-]{1,9}(:[0-9]{0,5})?(?s)([/?#\\[\\]@%&=+\"'<>{}|^`\\\\ \r\n]|\\[PARAMOPT\\]|.){0,20}",
        param_opt in "(?s).{0,20}",
        password in "(?s).{0,20}",
    ) {
        let account = Account {
            label: "custom".into(),
            username: "me".into(),
            password: Secret::new(password),
            param_opt: Secret::new(param_opt),
            ..Account::default()
        };
        let mechanism = Mechanism::Url(Urls { v4: None, v6: None, both: None });
        let provider = Provider { account, mechanism, author: Author::Owner };
        let name = Hostname::parse("home.example.com").unwrap();
        let address = "192.0.2.1".parse().unwrap();
        if let Ok(rendered) = template::render(&template, &provider, Subject::new(&name, address)) {
            let url = rendered.url.expose();
            let uri: ureq::http::Uri = url.parse().map_err(|error| {
                TestCaseError::fail(format!("{url}: {error}"))
            })?;
            prop_assert_eq!(uri.to_string(), &*url);
            prop_assert_eq!(uri.host().map(str::to_ascii_lowercase), families::host(&url));
        }
    }
}
