/** Flows and findings as one HTML file: no network, readable without scripts, on a phone and on paper. */
import type { Flow, FlowNode } from '../../model/flow.js';
import type { CheckReport, Finding } from '../../model/report.js';
import { LIMITS } from '../../model/report.js';
import { marksOf } from '../../model/flow-marks.js';
import type { Mark } from '../../model/flow-marks.js';
import { deviceLegend, nodeText } from './text.js';
import { renderSvg } from './svg.js';
import { LineLinks, nodeId } from './html-links.js';
import { escapeHtml } from './html-text.js';
import { inOrder } from '../order.js';
import { count, displayPath } from '../text.js';
import { undecidedHeadline } from '../undecided.js';
import { waitText } from '../wait-text.js';

/** A whole page. Pure. */
export function renderHtml(flows: readonly Flow[], report: CheckReport): string {
  const links = new LineLinks(flows);
  const title = report.captures.map(({ path }) => displayPath(path)).join(', ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>vhtrace: ${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(verdictText(report))}</p>
<p class="filter"><label>Filter <input type="search" id="filter" placeholder="function, device, rule, text" autocomplete="off"></label> <output id="matches"></output></p>
</header>
<main>
${waitsSection(report, links)}<section aria-label="findings">
<h2>Findings</h2>
${findingsList(report, links)}
</section>
${gapsSection(report, links)}${flows.map((flow, index) => flowSections(flow, index, marksOf(flow, report.findings))).join('\n')}
<footer><p>${escapeHtml(LIMITS)}</p></footer>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function verdictText(report: CheckReport): string {
  const { summary, captures } = report;
  const { error, warning, note } = summary.violations;
  const facts = captures.reduce((sum, capture) => sum + capture.facts, 0);
  if (facts === 0) return 'Nothing to check: no call of the logging protocol was read in it.';
  const found = [count(error, 'error'), count(warning, 'warning'), count(note, 'note')];
  const headline = undecidedHeadline(report) ?? found.join(', ');
  return `${headline}; ${summary.pass} passed, ${summary.inconclusive} inconclusive.`;
}

function findingsList(report: CheckReport, links: LineLinks): string {
  const all = inOrder(report);
  const violations = all.filter(({ verdict }) => verdict === 'violation');
  const open = all.filter(({ verdict }) => verdict === 'inconclusive');
  const list = (findings: readonly Finding[]): string =>
    `<ul class="findings">\n${findings.map((finding) => findingItem(finding, report, links)).join('\n')}\n</ul>`;
  return [
    violations.length === 0 ? `<p>${noViolationText(report)}</p>` : list(violations),
    open.length === 0
      ? ''
      : `<details><summary>${open.length} inconclusive</summary>${list(open)}</details>`,
  ].join('\n');
}

/** Where QEMU hangs, that is what is asked. */
function waitsSection({ captures, waits }: CheckReport, links: LineLinks): string {
  if (waits.length === 0) return '';
  const items = waits.map((wait) => {
    const place = placeOf(wait, captures, links);
    return `<li>${place}: ${escapeHtml(waitText(wait))}</li>`;
  });
  return `<section aria-label="waits">\n<h2>Waits</h2>\n<ul>\n${items.join('\n')}\n</ul>\n</section>\n`;
}

/** What the capture itself shows to be missing. */
function gapsSection({ captures, gaps = [] }: CheckReport, links: LineLinks): string {
  if (gaps.length === 0) return '';
  const items = gaps.map(
    (gap) => `<li>${placeOf(gap, captures, links)}: ${escapeHtml(gap.why)}</li>`,
  );
  return `<section aria-label="records missing">\n<h2>Records missing</h2>\n<ul>\n${items.join('\n')}\n</ul>\n</section>\n`;
}

/** `gdb.txt line 12`; without the capture where there is one. */
function placeOf(
  { capture, line }: { readonly capture: string; readonly line: number },
  captures: CheckReport['captures'],
  links: LineLinks,
): string {
  const path = captures.find(({ sha256 }) => sha256 === capture)?.path ?? '';
  const name = captures.length > 1 ? `${escapeHtml(displayPath(path))} ` : '';
  return `${name}${links.lineText(capture, line)}`;
}

function noViolationText(report: CheckReport): string {
  return undecidedHeadline(report) === undefined ? 'No violation.' : 'Nothing was decided.';
}

function findingItem(finding: Finding, { captures }: CheckReport, links: LineLinks): string {
  const { rule, verdict, severity, message, at, evidence, missing, capture, gaps = [] } = finding;
  const kind = verdict === 'violation' ? severity : 'inconclusive';
  const proof = evidence.map(
    ({ line, role }) => `${links.lineText(capture, line)}: ${escapeHtml(role)}`,
  );
  const open = [
    ...missing.map((what) => `missing: ${escapeHtml(what)}`),
    ...gaps.map(
      ({ line, why }) => `records missing: ${links.lineText(capture, line)}: ${escapeHtml(why)}`,
    ),
  ];
  const details = verdict === 'violation' ? proof : open;
  const list = details.map((text) => `<li>${text}</li>`).join('');
  return [
    `<li class="finding ${kind}"><b>${escapeHtml(rule)}</b> <span class="kind">${kind}</span>`,
    ` <span class="place">${placeOf({ capture, line: at.line }, captures, links)}</span><br>${escapeHtml(message)}`,
    list === '' ? '' : `<ul>${list}</ul>`,
    '</li>',
  ].join('');
}

function flowSections(
  flow: Flow,
  index: number,
  marks: ReadonlyMap<number, readonly Mark[]>,
): string {
  const process = flow.session === 0 ? '' : `, process ${flow.session + 1}`;
  const name = `${displayPath(flow.path)}${process}`;
  const order = flow.ordered
    ? ''
    : '<p>Notes: each backtrace stands for itself; their order is unknown.</p>';
  const devices = deviceLegend(flow);
  const legend = devices === '' ? '' : `<p>${escapeHtml(devices)}</p>\n`;
  return `<section class="flow" aria-label="flow">
<h2>${escapeHtml(name)}</h2>
${order}
${legend}<h3>Sequence</h3>
<div class="picture">
${renderSvg(flow, marks)}
</div>
<h3>Calls</h3>
<ul class="tree">
${flow.nodes.map((node) => treeItem(node, undefined, index, marks)).join('\n')}
</ul>
</section>`;
}

function treeItem(
  node: FlowNode,
  above: FlowNode | undefined,
  flow: number,
  marks: ReadonlyMap<number, readonly Mark[]>,
): string {
  const actor =
    node.actor !== null && node.actor !== above?.actor
      ? `<span class="actor">${escapeHtml(node.actor)} ▸</span> `
      : '';
  const label = `<span class="line">${node.line}</span> ${actor}<code>${breakable(escapeHtml(nodeText(node)))}</code>${marksText(marks.get(node.id))}`;
  const frames = node.folded.map(
    ({ func, at, line }) =>
      `<li><span class="line">${line}</span> ${escapeHtml(at === null ? func : `${func} at ${at}`)}</li>`,
  );
  const folded =
    frames.length === 0
      ? ''
      : `<details class="frames"><summary>${count(frames.length, 'frame')} between</summary><ul>${frames.join('')}</ul></details>`;
  const ids = `id="${nodeId(flow, node.id)}" data-node="${node.id}"`;
  const children = node.children.map((child) => treeItem(child, node, flow, marks)).join('\n');
  if (children === '' && folded === '') return `<li class="leaf" ${ids}>${label}</li>`;
  return `<li ${ids}><details open><summary>${label}</summary>${folded}<ul>${children}</ul></details></li>`;
}

function marksText(marks: readonly Mark[] = []): string {
  return marks
    .map(({ severity, text }) => ` <b class="mark ${severity}">${escapeHtml(text)}</b>`)
    .join('');
}

/** A long call may be broken where its arguments begin, before it is broken in the middle of a word. */
function breakable(html: string): string {
  return html.replaceAll('(', '(<wbr>');
}

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--dim:#777;--error:#c0392b;--warning:#b9770e;--note:#2471a3;--core:#3a7d44}
*{box-sizing:border-box}
body{margin:0;font:15px/1.45 system-ui,sans-serif}
header,main{padding:.5rem 1rem;max-width:75rem;margin:auto}
header{position:sticky;top:0;background:Canvas;border-bottom:1px solid var(--line);z-index:1}
h1{font-size:1.1rem;margin:.3rem 0;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:1.2rem 0 .3rem;overflow-wrap:anywhere}
h3{font-size:.95rem;margin:.8rem 0 .2rem}
p{margin:.3rem 0}
input{font:inherit;width:min(22rem,60vw);padding:.25rem .4rem}
code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
ul{list-style:none;margin:0;padding-left:1rem}
.findings,.tree{padding-left:0}
.findings ul{font-size:13px;color:var(--dim)}
.finding{border-left:4px solid var(--dim);margin:.5rem 0;padding:.2rem .6rem}
.finding.error{border-color:var(--error)}.finding.warning{border-color:var(--warning)}.finding.note{border-color:var(--note)}
.kind,.place,.line,.actor,footer{color:var(--dim)}
.actor,.mark{font-size:13px}
.mark.error{color:var(--error)}.mark.warning{color:var(--warning)}.mark.note{color:var(--note)}
.tree summary,.leaf{padding-left:2em;text-indent:-2em}
.leaf{margin-left:1rem}
.tree li{scroll-margin-top:8rem}
a{color:inherit}
.line{text-indent:0;display:inline-block;min-width:3.5em;text-align:right;font-size:12px;font-variant-numeric:tabular-nums}
summary{cursor:pointer}
.frames{margin-left:4.5em;font-size:12px;color:var(--dim)}
.picture{overflow-x:auto;border:1px solid var(--line);border-radius:6px}
.sequence{display:block;min-width:940px;max-width:100%;height:auto;font:11px ui-monospace,monospace;fill:CanvasText}
.sequence text{paint-order:stroke;stroke:Canvas;stroke-width:2px}.heading text{stroke:none}
.lane{stroke:var(--line);stroke-width:2}
.lane-name{text-anchor:middle;font-weight:bold;font-size:12px}
.arrow{fill:none;stroke:CanvasText;stroke-width:1}
.heading rect{fill:#8883}.heading text{font-weight:bold}
.repeat text{font-style:italic}.row.error text{fill:var(--error)}.row.warning text{fill:var(--warning)}.row.note text{fill:var(--note)}
[hidden]{display:none}
svg .out{opacity:.12}
@media print{header{position:static}.filter{display:none}.picture{overflow:visible}.sequence{min-width:0;width:100%}.frames{display:none}}
`;

/** Filters tree, picture and findings together; without it everything is shown. */
const SCRIPT = `
(function () {
  var box = document.getElementById('filter');
  var matches = document.getElementById('matches');
  var items = Array.prototype.slice.call(document.querySelectorAll('.tree li[data-node]'));
  var findings = Array.prototype.slice.call(document.querySelectorAll('.finding'));
  var rows = Array.prototype.slice.call(document.querySelectorAll('.row'));
  function own(item) {
    var label = item.querySelector('code');
    return label ? label.textContent.toLowerCase() : '';
  }
  function apply() {
    var text = box.value.trim().toLowerCase();
    var found = 0;
    items.forEach(function (item) { item.hidden = text !== ''; });
    items.forEach(function (item) {
      if (text === '' || own(item).indexOf(text) < 0) return;
      found++;
      for (var up = item; up && !up.classList.contains('tree'); up = up.parentElement) {
        if (up.tagName === 'LI') up.hidden = false;
      }
      item.querySelectorAll('li[data-node]').forEach(function (inner) { inner.hidden = false; });
    });
    findings.forEach(function (item) {
      item.hidden = text !== '' && item.textContent.toLowerCase().indexOf(text) < 0;
    });
    rows.forEach(function (row) {
      row.classList.toggle('out', text !== '' && row.textContent.toLowerCase().indexOf(text) < 0);
    });
    matches.textContent = text === '' ? '' : found + ' of ' + items.length + ' calls';
  }
  box.addEventListener('input', apply);
})();
`;
