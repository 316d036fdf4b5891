//! The rows of the table: one entry each. End tags that HTML does not ask for are left out: there may be many rows.

use super::Kind;
use super::figures::{Count, Moment, Size};

use super::super::html::Html;
use super::icon::icon;
use super::name::segment;
use super::order::{Row, Totals};

/// The way up, which stays where it is however the table is sorted.
pub(super) fn parent(html: &mut Html) {
    html.raw("<tbody><tr class=up><td><a href=\"../\">Parent folder</a><td><td></tbody>\n");
}

/// A row for an entry.
pub(super) fn row(html: &mut Html, row: &Row<'_>) {
    html.raw("<tr class=").raw(icon(row.entry)).raw("><td>");
    name(html, row);
    size(html, row);
    date(html, row.entry.modified);
    html.raw("\n");
}

/// The name, a link where there is something behind it.
fn name(html: &mut Html, row: &Row<'_>) {
    let why = match row.entry.kind {
        Kind::Directory | Kind::File => {
            html.raw("<a href=\"").text(segment(&row.entry.name));
            if row.entry.kind == Kind::Directory {
                html.raw("/");
            }
            html.raw("\"><bdi>").text(&row.shown).raw("</bdi></a>");
            return;
        }
        Kind::Broken => " <small>leads nowhere here</small>",
        Kind::Special => " <small>not a file</small>",
    };
    html.raw("<span><bdi>").text(&row.shown).raw("</bdi>");
    html.raw(why).raw("</span>");
}

fn size(html: &mut Html, row: &Row<'_>) {
    if row.entry.kind != Kind::File {
        html.raw("<td>");
        return;
    }
    let size = row.entry.size;
    html.raw("<td data-size=").text(size).raw(" title=\"");
    html.text(Count(size, "byte")).raw("\">").text(Size(size));
}

fn date(html: &mut Html, modified: Option<i64>) {
    let Some(moment) = modified.and_then(Moment::of) else {
        html.raw("<td>");
        return;
    };
    html.raw("<td><time datetime=").text(moment).raw(">");
    html.text(moment.day()).raw("<span> ").text(moment.clock());
    html.raw("</span></time>");
}

/// What the rows come to, for the foot of the page.
pub(super) fn totals(html: &mut Html, totals: Totals) {
    let counts = [
        (totals.folders, "folder"),
        (totals.files, "file"),
        (totals.others, "other"),
    ];
    let mut is_first = true;
    for (number, thing) in counts {
        if number > 0 || (thing == "file" && totals.folders == 0) {
            html.raw(if is_first { "" } else { ", " });
            html.text(Count(number, thing));
            is_first = false;
        }
    }
    if totals.files > 0 {
        html.raw(", <span title=\"")
            .text(Count(totals.bytes, "byte"));
        html.raw("\">").text(Size(totals.bytes)).raw("</span>");
    }
}
