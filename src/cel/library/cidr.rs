//! The CIDR library of Kubernetes: ranges of IP addresses. Bits behind the prefix are kept, until `masked`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::cel::library::{Context, Outcome, Overload, ip};
use crate::cel::signature::{BOOL, CIDR, INT, IP, STRING};
use crate::cel::value::Value;

/// An address and how many of its first bits the addresses of the range share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    bits: u8,
}

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("cidr", &[STRING], CIDR, cidr).strict(),
    Overload::global("isCIDR", &[STRING], BOOL, is_cidr),
    Overload::global("string", &[CIDR], STRING, string),
    Overload::method("containsIP", &[CIDR, IP], BOOL, contains_ip),
    Overload::method("containsIP", &[CIDR, STRING], BOOL, contains_ip),
    Overload::method("containsCIDR", &[CIDR, CIDR], BOOL, contains_cidr),
    Overload::method("containsCIDR", &[CIDR, STRING], BOOL, contains_cidr),
    Overload::method("ip", &[CIDR], IP, address),
    Overload::method("masked", &[CIDR], CIDR, masked),
    Overload::method("prefixLength", &[CIDR], INT, prefix_length),
];

impl Cidr {
    /// Reads `10.0.0.0/8`.
    pub fn parse(text: &str) -> Option<Cidr> {
        let (address, bits) = text.split_once('/')?;
        let address = ip::parse(address)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let plain = bits.bytes().all(|digit| digit.is_ascii_digit()) && (bits == "0" || !bits.starts_with('0'));
        let bits = bits.parse().ok().filter(|bits| plain && *bits <= most)?;
        Some(Cidr { address, bits })
    }

    /// The same range with its first address.
    #[must_use]
    pub fn masked(self) -> Cidr {
        let bits = u32::from(self.bits);
        let address = match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        };
        Cidr { address, ..self }
    }

    /// Whether an address is in the range.
    pub fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4() && Cidr { address, ..self }.masked() == self.masked()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

fn cidr<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => match Cidr::parse(text) {
            Some(cidr) => Ok(Value::Cidr(cidr)),
            None => context.refuse("not a CIDR", Value::String(text)),
        },
        _ => Err(context.mismatch("cidr", arguments)),
    }
}

fn is_cidr<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => Ok(Value::Bool(Cidr::parse(text).is_some())),
        _ => Err(context.mismatch("isCIDR", arguments)),
    }
}

fn string<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Cidr(cidr)] => context.string(&cidr.to_string()),
        _ => Err(context.mismatch("string", arguments)),
    }
}

fn contains_ip<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (cidr, address) = match arguments {
        [Value::Cidr(cidr), Value::Ip(address)] => (cidr, Some(*address)),
        [Value::Cidr(cidr), Value::String(text)] => (cidr, ip::parse(text)),
        _ => return Err(context.mismatch("containsIP", arguments)),
    };
    // What is no address is of the wrong type to the API server.
    address.map(|address| Value::Bool(cidr.contains(address))).ok_or_else(|| context.mismatch("containsIP", arguments))
}

fn contains_cidr<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (cidr, other) = match arguments {
        [Value::Cidr(cidr), Value::Cidr(other)] => (cidr, *other),
        [Value::Cidr(cidr), Value::String(text)] => match Cidr::parse(text) {
            Some(other) => (cidr, other),
            None => return context.refuse("not a CIDR", Value::String(text)),
        },
        _ => return Err(context.mismatch("containsCIDR", arguments)),
    };
    Ok(Value::Bool(cidr.bits <= other.bits && cidr.contains(other.address)))
}

fn address<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Cidr(cidr)] => Ok(Value::Ip(cidr.address)),
        _ => Err(context.mismatch("ip", arguments)),
    }
}

fn masked<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Cidr(cidr)] => Ok(Value::Cidr(cidr.masked())),
        _ => Err(context.mismatch("masked", arguments)),
    }
}

fn prefix_length<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Cidr(cidr)] => Ok(Value::Int(cidr.bits.into())),
        _ => Err(context.mismatch("prefixLength", arguments)),
    }
}
