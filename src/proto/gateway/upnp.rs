//! UPnP IGD: the gateway is searched for by SSDP, names the services of its WAN connections in a
//! description, and tells its external address by SOAP (UPnP Device Architecture 1.1; WANIPConnection:1).

use std::net::Ipv4Addr;

use crate::text::xml;

/// The UDP port of SSDP.
pub const PORT: u16 = 1900;
/// The group of SSDP, for gateways that answer no search that is sent to their own address.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);

/// The search for a gateway (section 1.3.2). It may answer within a second.
pub const SEARCH: &str = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n\
     MX: 1\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n";

/// The services that know the external address.
const SERVICES: [&str; 2] = [
    "urn:schemas-upnp-org:service:WANIPConnection:",
    "urn:schemas-upnp-org:service:WANPPPConnection:",
];

/// A service of a WAN connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its type, such as `urn:schemas-upnp-org:service:WANIPConnection:1`.
    pub kind: String,
    /// The URL to which actions are sent.
    pub url: String,
}

/// The URL of the description in an answer to [`SEARCH`]. It must be on `gateway`.
// Any host of the network could answer, and is not to choose what the router connects to.
pub fn location(answer: &str, gateway: Ipv4Addr) -> Option<&str> {
    for line in answer.lines() {
        if let Some((name, url)) = line.split_once(':')
            && name.eq_ignore_ascii_case("location")
        {
            let url = url.trim();
            return root(url, gateway).map(|_| url);
        }
    }
    None
}

/// `http://` and the authority of `url`, if that is on `gateway`.
fn root(url: &str, gateway: Ipv4Addr) -> Option<&str> {
    let rest = url.strip_prefix("http://")?;
    let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, _) = authority.split_once(':').unwrap_or((authority, ""));
    let is_gateway = host.parse() == Ok(gateway);
    if is_gateway { url.get(..url.len() - rest.len() + authority.len()) } else { None }
}

/// The services of WAN connections in the description at `location`. Those that are not on `gateway` are left
/// out.
pub fn services(description: &str, location: &str, gateway: Ipv4Addr) -> Vec<Service> {
    let mut found = Vec::new();
    for service in xml::all(description, "service") {
        let kind = xml::text(service, "serviceType").trim();
        // The type goes into a header and into XML, where these characters would end it.
        if !SERVICES.iter().any(|known| kind.starts_with(known))
            || kind.contains(['"', '<', '\r', '\n'])
        {
            continue;
        }
        if let Some(url) = join(location, xml::text(service, "controlURL").trim(), gateway) {
            found.push(Service { kind: kind.to_owned(), url });
        }
    }
    found
}

/// The URL that `reference` means in the document at `location`, if it is on `gateway`.
fn join(location: &str, reference: &str, gateway: Ipv4Addr) -> Option<String> {
    if reference.contains("://") {
        return root(reference, gateway).map(|_| reference.to_owned());
    }
    let root = root(location, gateway)?;
    Some([root, "/", reference.trim_start_matches('/')].concat())
}

impl Service {
    /// The value of the header SOAPACTION, and the body, of the action that asks for the external address.
    pub fn question(&self) -> (String, String) {
        let Self { kind, .. } = self;
        let action = ["\"", kind, "#GetExternalIPAddress\""].concat();
        let body = [
            "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>\
             <u:GetExternalIPAddress xmlns:u=\"",
            kind,
            "\"/></s:Body></s:Envelope>\r\n",
        ];
        (action, body.concat())
    }
}

/// The external address in the answer to [`Service::question`]; `None` if the connection has none.
pub fn answer(body: &str) -> Option<Ipv4Addr> {
    // Some gateways write attributes into the tag.
    let (_, rest) = body.split_once("<NewExternalIPAddress")?;
    let (_, rest) = rest.split_once('>')?;
    let (address, _) = rest.split_once('<')?;
    let address: Ipv4Addr = address.trim().parse().ok()?;
    if address.is_unspecified() { None } else { Some(address) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
    const LOCATION: &str = "http://192.168.1.1:5000/igd/rootDesc.xml";
    const DESCRIPTION: &str = "<root><serviceList><service><serviceType>\
         urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><controlURL>/ctl/L3F</controlURL>\
         </service></serviceList><device><service><serviceType>\
         urn:schemas-upnp-org:service:WANIPConnection:2</serviceType><serviceId>x</serviceId>\
         <controlURL>/ctl/IPConn</controlURL></service></device></root>";

    #[test]
    fn the_description_must_be_on_the_gateway() {
        let answer = |url| format!("HTTP/1.1 200 OK\r\nEXT:\r\nLocation:  {url}\r\n\r\n");
        assert_eq!(location(&answer(LOCATION), GATEWAY), Some(LOCATION));
        assert_eq!(
            location(&answer("http://192.168.1.1/d"), GATEWAY),
            Some("http://192.168.1.1/d")
        );
        for url in [
            "http://192.168.1.2:5000/d",
            "http://192.168.1.1.example/d",
            "http://192.168.1.1@192.0.2.1/d",
            "https://192.168.1.1/d",
            "file:///etc/passwd",
        ] {
            assert_eq!(location(&answer(url), GATEWAY), None, "{url}");
        }
        assert_eq!(location("HTTP/1.1 200 OK\r\n\r\n", GATEWAY), None);
    }

    #[test]
    fn the_services_of_wan_connections_are_found() {
        let found = services(DESCRIPTION, LOCATION, GATEWAY);
        let kind = "urn:schemas-upnp-org:service:WANIPConnection:2".to_owned();
        let url = "http://192.168.1.1:5000/ctl/IPConn".to_owned();
        assert_eq!(found, [Service { kind, url }]);
        let (action, body) = found[0].question();
        assert_eq!(
            action,
            "\"urn:schemas-upnp-org:service:WANIPConnection:2#GetExternalIPAddress\""
        );
        assert!(body.contains("xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:2\"/>"));
    }

    #[test]
    fn a_service_elsewhere_is_left_out() {
        let elsewhere = DESCRIPTION.replace("/ctl/IPConn", "http://192.0.2.1/ctl");
        assert_eq!(services(&elsewhere, LOCATION, GATEWAY), []);
        let absolute = DESCRIPTION.replace("/ctl/IPConn", "http://192.168.1.1:49000/ctl");
        assert_eq!(services(&absolute, LOCATION, GATEWAY)[0].url, "http://192.168.1.1:49000/ctl");
        let relative = DESCRIPTION.replace("/ctl/IPConn", "ctl/IPConn");
        assert_eq!(
            services(&relative, LOCATION, GATEWAY)[0].url,
            "http://192.168.1.1:5000/ctl/IPConn"
        );
    }

    #[test]
    fn the_address_is_read_also_behind_attributes() {
        let address = Some(Ipv4Addr::new(81, 2, 69, 10));
        for body in [
            "<NewExternalIPAddress>81.2.69.10</NewExternalIPAddress>",
            "<s:Body><NewExternalIPAddress dt:dt=\"string\"> 81.2.69.10 </NewExternalIPAddress>",
        ] {
            assert_eq!(answer(body), address, "{body}");
        }
        for body in ["", "<NewExternalIPAddress/>", "<NewExternalIPAddress></NewExternalIPAddress>"]
        {
            assert_eq!(answer(body), None, "{body}");
        }
        assert_eq!(answer("<NewExternalIPAddress>0.0.0.0</NewExternalIPAddress>"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parsers_panic_or_leads_elsewhere(
            text in "(LOCATION|:|//|http|<service>|</service>|<controlURL>|192.168.1.1|/|@|\r\n|\\PC){0,12}"
        ) {
            if let Some(url) = location(&text, GATEWAY) {
                prop_assert!(url.starts_with("http://192.168.1.1"));
            }
            for service in services(&text, LOCATION, GATEWAY) {
                prop_assert!(service.url.starts_with("http://192.168.1.1"));
            }
            let _ = answer(&text);
        }
    }
}
