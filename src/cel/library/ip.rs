//! The IP address library of Kubernetes. An IPv4 address inside an IPv6 address is none, nor is one with a zone.

use std::net::IpAddr;

use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{BOOL, INT, IP, STRING};
use crate::cel::value::Value;

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("ip", &[STRING], IP, ip).strict(),
    Overload::global("isIP", &[STRING], BOOL, is_ip),
    Overload::global("ip.isCanonical", &[STRING], BOOL, is_canonical).strict(),
    Overload::global("string", &[IP], STRING, string),
    Overload::method("family", &[IP], INT, family),
    Overload::method("isUnspecified", &[IP], BOOL, is_unspecified),
    Overload::method("isLoopback", &[IP], BOOL, is_loopback),
    Overload::method("isLinkLocalMulticast", &[IP], BOOL, is_link_local_multicast),
    Overload::method("isLinkLocalUnicast", &[IP], BOOL, is_link_local_unicast),
    Overload::method("isGlobalUnicast", &[IP], BOOL, is_global_unicast),
];

/// Reads an address.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    text.parse().ok().filter(|address| match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => address.to_ipv4_mapped().is_none(),
    })
}

fn ip<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => match parse(text) {
            Some(address) => Ok(Value::Ip(address)),
            None => context.refuse("not an IP address", Value::String(text)),
        },
        _ => Err(context.mismatch("ip", arguments)),
    }
}

fn is_ip<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => Ok(Value::Bool(parse(text).is_some())),
        _ => Err(context.mismatch("isIP", arguments)),
    }
}

/// Whether it is written as it would be printed.
fn is_canonical<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => match parse(text) {
            Some(address) => Ok(Value::Bool(address.to_string() == *text)),
            None => context.refuse("not an IP address", Value::String(text)),
        },
        _ => Err(context.mismatch("ip.isCanonical", arguments)),
    }
}

fn string<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Ip(address)] => context.string(&address.to_string()),
        _ => Err(context.mismatch("string", arguments)),
    }
}

fn family<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Ip(address)] => Ok(Value::Int(if address.is_ipv4() { 4 } else { 6 })),
        _ => Err(context.mismatch("family", arguments)),
    }
}

fn is_unspecified<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    test(context, "isUnspecified", arguments, |address| address.is_unspecified())
}

fn is_loopback<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    test(context, "isLoopback", arguments, |address| address.is_loopback())
}

fn is_link_local_multicast<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    test(context, "isLinkLocalMulticast", arguments, |address| match address {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => address.segments().first().is_some_and(|first| first & 0xff0f == 0xff02),
    })
}

fn is_link_local_unicast<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    test(context, "isLinkLocalUnicast", arguments, link_local)
}

/// Private addresses are global here, as they are in Go.
fn is_global_unicast<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    test(context, "isGlobalUnicast", arguments, |address| {
        let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
        let special = address.is_unspecified() || address.is_loopback() || address.is_multicast();
        !(broadcast || special || link_local(address))
    })
}

fn link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn test<'a>(
    context: Context<'_, 'a>,
    name: &'static str,
    arguments: &[Value<'a>],
    test: fn(IpAddr) -> bool,
) -> Outcome<'a> {
    match arguments {
        [Value::Ip(address)] => Ok(Value::Bool(test(*address))),
        _ => Err(context.mismatch(name, arguments)),
    }
}
