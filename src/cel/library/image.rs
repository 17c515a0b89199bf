//! podgate's own: the parts of an image reference, completed as the kubelet completes it.

use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{IMAGE, STRING};
use crate::cel::value::Value;
use crate::image::Image;

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("image", &[STRING], IMAGE, image).strict(),
    Overload::method("registry", &[IMAGE], STRING, registry),
    Overload::method("repository", &[IMAGE], STRING, repository),
    Overload::method("tag", &[IMAGE], STRING, tag),
    Overload::method("digest", &[IMAGE], STRING, digest),
    Overload::method("identifier", &[IMAGE], STRING, identifier),
];

fn image<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => match Image::parse(text) {
            Ok(image) => Ok(Value::Image(context.arena.alloc(image))),
            Err(_) => context.refuse("not an image", Value::String(text)),
        },
        _ => Err(context.mismatch("image", arguments)),
    }
}

fn registry<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "registry", arguments, |image| image.registry_in(context.arena))
}

fn repository<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "repository", arguments, |image| image.repository_in(context.arena))
}

fn tag<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "tag", arguments, |image| image.tag())
}

fn digest<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "digest", arguments, |image| image.digest())
}

fn identifier<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(context, "identifier", arguments, |image| image.identifier())
}

fn part<'a>(
    context: Context<'_, 'a>,
    name: &'static str,
    arguments: &[Value<'a>],
    part: impl FnOnce(&'a Image<'a>) -> &'a str,
) -> Outcome<'a> {
    match arguments {
        [Value::Image(image)] => Ok(Value::String(part(image))),
        _ => Err(context.mismatch(name, arguments)),
    }
}
