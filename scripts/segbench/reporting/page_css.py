"""How the page looks: light, dark, narrow and printed.

It is text in a module, not a file beside it, so that the digest of the report's code
covers it: a changed style makes the report again.
"""

from __future__ import annotations

CSS = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f5f7f9; --ink: #1a1f24; --soft: #525c66; --line: #d3d9df;
  --strong-line: #7b8794; --link: #0a569c; --warn-ground: #fff3d1; --warn-ink: #533a00;
  --warn-line: #b07d10; --good-ink: #0d5f38; --good-line: #2f8f60; --bad-ink: #9b1c1c;
  --shade: #0002;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181c; --raised: #1d2328; --ink: #e6e9ec; --soft: #a9b3bd; --line: #363f48;
    --strong-line: #75818d; --link: #83bbf2; --warn-ground: #352a0c; --warn-ink: #ffe09a;
    --warn-line: #a67c1f; --good-ink: #86d9ae; --good-line: #3f8f66; --bad-ink: #ff9d94;
    --shade: #000c;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans",
    "Liberation Sans", sans-serif;
  overflow-wrap: break-word;
}
.frame { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
p, li, dd { max-width: 46rem; }
h1, h2, h3, h4 { line-height: 1.25; text-wrap: balance; }
h1 { font-size: 1.9rem; margin: .2rem 0 .6rem; letter-spacing: -.01em; }
h2 {
  font-size: 1.45rem; margin: 3.2rem 0 .8rem; padding-top: 1rem;
  border-top: 2px solid var(--strong-line);
}
h3 { font-size: 1.12rem; margin: 2.2rem 0 .5rem; }
h4 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, button:focus-visible, summary:focus-visible, .scroll:focus-visible {
  outline: 3px solid var(--link); outline-offset: 2px;
}
code, pre { font: .875em/1.5 ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; }
.soft { color: var(--soft); }
.lede { font-size: 1.08rem; }
.question { font-size: 1.08rem; font-style: italic; margin: .4rem 0 1rem; }
.answer { padding-left: .9rem; border-left: 3px solid var(--link); font-size: 1.05rem; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: .5rem 1rem; z-index: 2; }

.banner {
  margin: 1rem 0; padding: .7rem 1rem; max-width: 46rem; border: 1px solid var(--line);
  border-left: 5px solid var(--good-line); background: var(--raised);
}
.banner.generated {
  border-color: var(--warn-line); background: var(--warn-ground); color: var(--warn-ink);
}
.badge {
  display: inline-block; padding: 0 .45em; border: 1px solid var(--strong-line);
  border-radius: 3px; font-size: .78rem; line-height: 1.5; font-weight: 600; white-space: nowrap;
}
.badge.generated {
  border-color: var(--warn-line); background: var(--warn-ground); color: var(--warn-ink);
}
.clean { color: var(--good-ink); } .unclean { color: var(--bad-ink); }

nav ol { list-style: none; margin: 0; padding: 0; }
nav { border-bottom: 1px solid var(--line); padding-bottom: 1rem; margin-bottom: .5rem; }
nav h2 { font-size: .82rem; border: 0; margin: 0 0 .3rem; padding: 0; color: var(--soft); }
nav li { margin: .1rem 0; } nav ol ol { padding-left: .9rem; }
nav a { display: inline-block; padding: .25rem 0; }
main > section:first-child h2 { margin-top: 1rem; border-top: 0; padding-top: 0; }
@media (min-width: 64rem) {
  .columns { display: grid; grid-template-columns: 13.5rem minmax(0, 1fr); column-gap: 3rem; }
  nav { position: sticky; top: 1rem; align-self: start; max-height: calc(100vh - 2rem);
    overflow-y: auto; border: 0; font-size: .92rem; margin-top: 1.2rem; }
}

figure { margin: 1rem 0 1.6rem; }
.local a { margin-right: .7rem; white-space: nowrap; }
.row { display: flex; flex-wrap: wrap; gap: 0 1.6rem; align-items: flex-start; }
.row > figure { max-width: 100%; }
.row figcaption { max-width: 21rem; }
figcaption, .downloads, .note { color: var(--soft); font-size: .9rem; }
figcaption { max-width: 46rem; margin-top: .4rem; }
figcaption p { margin: .3rem 0; }
figure.picture > a { display: block; width: fit-content; max-width: 100%; }
figure.picture img {
  display: block; max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line);
}

.scroll {
  overflow-x: auto; max-width: 100%; position: relative; margin: .6rem 0 .4rem;
  /* A shade at an edge says that there is more behind it; the ground covers it at the end. */
  background:
    linear-gradient(to right, var(--ground) 40%, transparent) 0 0 / 2.5rem 100% local,
    linear-gradient(to left, var(--ground) 40%, transparent) 100% 0 / 2.5rem 100% local,
    linear-gradient(to right, var(--shade), transparent) 0 0 / .8rem 100% scroll,
    linear-gradient(to left, var(--shade), transparent) 100% 0 / .8rem 100% scroll;
  background-repeat: no-repeat;
}
table {
  border-collapse: collapse; min-width: min(100%, 26rem); font-size: .9rem; line-height: 1.4;
}
table, .num, .figure { font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0 0 .5rem; color: var(--soft); }
caption .stay {
  position: sticky; left: 0; display: inline-block; max-width: min(46rem, calc(100vw - 2rem));
}
details caption .stay { max-width: min(44rem, calc(100vw - 4.2rem)); }
th, td {
  padding: .32rem 1.2rem .32rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line);
}
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 1.5px solid var(--strong-line); vertical-align: bottom; }
thead tr:first-child th { border-top: 1.5px solid var(--strong-line); }
tbody:last-child tr:last-child > *, tfoot tr:last-child > * {
  border-bottom: 1.5px solid var(--strong-line);
}
tbody th { font-weight: 500; min-width: 7rem; }
tfoot th, tfoot td { font-weight: 600; }
th.num, td.num, th.figure, td.figure { text-align: right; white-space: nowrap; }
td.target { min-width: 15rem; }
td.words { min-width: 16rem; max-width: 32rem; }
tr.published > * { background: var(--raised); }
tr.best > * { font-weight: 700; }
ul.notes { padding-left: 1.2rem; color: var(--soft); font-size: .9rem; }
.nowrap { white-space: nowrap; }
table.sortable thead th { white-space: nowrap; }
thead button {
  all: unset; font: inherit; font-weight: 700; cursor: pointer; text-align: inherit;
}
thead button::after { content: " \\2195"; color: var(--soft); font-weight: 400; }
th[aria-sort="ascending"] button::after { content: " \\2191"; color: var(--ink); }
th[aria-sort="descending"] button::after { content: " \\2193"; color: var(--ink); }

dl.facts { display: grid; grid-template-columns: minmax(7rem, 11rem) minmax(0, 1fr);
  gap: .3rem 1.2rem; margin: .6rem 0 1rem; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; }
@media (max-width: 30rem) {
  h1 { font-size: 1.5rem; } h2 { font-size: 1.25rem; }
  dl.facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dl.facts dd { margin-bottom: .55rem; }
}
details { margin: .5rem 0; border: 1px solid var(--line); border-radius: 4px; }
summary { cursor: pointer; padding: .5rem .8rem; background: var(--raised); font-weight: 500; }
details > :not(summary) { margin: .8rem; }
pre { overflow-x: auto; max-width: 100%; tab-size: 2; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); }

@media print {
  :root {
    --ground: #fff; --raised: #fff; --ink: #000; --soft: #333; --line: #bbb; --link: #000;
    --warn-ground: #fff; --warn-ink: #000;
  }
  @page { margin: 16mm; }
  body { font-size: 10pt; }
  .frame { max-width: none; padding: 0; }
  nav, .skip, .downloads { display: none; }
  .columns { display: block; }
  .scroll { overflow: visible; background: none; }
  caption .stay { position: static; max-width: none; }
  table { font-size: 8pt; }
  tr, figure.picture, .banner { break-inside: avoid; }
  h2, h3, h4, summary { break-after: avoid; }
  h2 { margin-top: 1.5rem; }
  thead { display: table-header-group; }
  thead button::after { content: ""; }
  details::details-content { content-visibility: visible; block-size: auto; }
  details > * { display: block; }
  pre { white-space: pre-wrap; }
  td.target, td.words { min-width: 0; }
}
"""
