/** The JSON Schema of `flows --json`. */
import type {
  CodeActor,
  CodeFlow,
  CodeNode,
  DocumentedCall,
  DocumentedPath,
  PathComparison,
  Place,
} from '../../model/code-flow.js';
import { LANES } from '../../model/flow.js';
import type { Flow, FlowArg, FlowFrame, FlowNode } from '../../model/flow.js';
import * as s from './schema.js';

const arg = s.objectOf<FlowArg>(
  { name: s.text, value: s.text },
  { meaning: s.described(s.text, 'what the value means where it says more') },
);

const frame = s.objectOf<FlowFrame>({ func: s.text, at: s.nullable(s.text), line: s.line }, {});

const node = s.objectOf<FlowNode>(
  {
    id: s.described(s.count, 'position in depth-first order, within the session'),
    kind: s.oneOf(['migration', 'phase', 'snippet', 'call', 'event', 'wire', 'round']),
    name: s.described(s.text, 'function or event as printed; of a phase or round its name'),
    line: s.described(s.line, 'first line of the capture that shows it'),
    lastLine: s.line,
    lane: s.oneOf(LANES),
    actor: s.described(s.nullable(s.text), 'who called'),
    thread: s.nullable(s.text),
    device: s.described(s.nullable(s.address), 'address of the vhost_dev'),
    deviceName: s.nullable(s.text),
    vring: s.nullable(s.count),
    args: s.listOf(arg),
    result: s.described(s.nullable(s.text), 'what it returned'),
    callSite: s.described(
      s.nullable(s.count),
      'line in the source of its caller: the first of `folded`, else the node above',
    ),
    folded: s.described(
      s.listOf(frame),
      'frames between it and the node above, or the outermost one; innermost first',
    ),
    count: s.described(s.line, 'executions in a row that look alike'),
    time: s.nullable(s.text),
    children: s.listOf({ $ref: '#/$defs/node' }),
  },
  {
    rolledBack: s.described(
      s.flag,
      'true for a log start that is taken back, as it or that of a later device fails',
    ),
    inTurn: s.described(
      s.flag,
      'true where those executions came by turns with those of the neighbours that have this, too',
    ),
    violations: s.described(s.listOf(s.text), 'ids of the rules that are violated at it'),
  },
);

const flow = s.objectOf<Flow>(
  {
    capture: s.described(s.sha256, 'sha256 of the bytes of the capture'),
    path: s.text,
    session: s.count,
    ordered: s.described(s.flag, 'false for notes: their dumps stand in no known order'),
    nodes: s.listOf({ $ref: '#/$defs/node' }),
  },
  {},
);

const place = s.objectOf<Place>({ path: s.text, line: s.line }, {});

const codeNode = s.objectOf<CodeNode>(
  {
    func: s.text,
    callSite: s.described(s.nullable(s.count), 'line in the source of the caller'),
    caller: s.nullable(s.text),
    args: s.described(s.listOf(arg), 'the same in every backtrace; no pointers'),
    count: s.described(s.count, 'backtraces through it'),
    innermost: s.described(s.count, 'backtraces that end in it'),
    seen: s.listOf(place),
    children: s.listOf({ $ref: '#/$defs/codeNode' }),
  },
  {},
);

const codeFlow = s.objectOf<CodeFlow>(
  {
    captures: s.listOf(s.text),
    backtraces: s.count,
    actors: s.listOf(
      s.objectOf<CodeActor>(
        {
          actor: s.nullable(s.text),
          count: s.count,
          folded: s.listOf(s.text),
          children: s.listOf({ $ref: '#/$defs/codeNode' }),
        },
        {},
      ),
    ),
  },
  {},
);

const pathStatus = s.oneOf(['seen', 'between', 'partly', 'not-seen']);

const documentedCall = s.objectOf<DocumentedCall>(
  {
    func: s.described(s.text, 'as written'),
    depth: s.count,
    line: s.line,
    status: s.oneOf(['seen', 'between', 'elsewhere', 'not-seen', 'no-function']),
    implementation: s.described(s.nullable(s.text), 'what stands for a member of VhostOps'),
    between: s.described(s.listOf(s.text), 'frames between it and its caller, outermost first'),
    seen: s.nullable(place),
    path: s.nullable(
      s.objectOf<NonNullable<DocumentedCall['path']>>(
        { status: pathStatus, upTo: s.nullable(s.text) },
        {},
      ),
    ),
  },
  {},
);

const documentedPath = s.objectOf<DocumentedPath>(
  { path: s.text, line: s.line, lastLine: s.line, calls: s.listOf(documentedCall) },
  {},
);

interface ByTime {
  readonly schemaVersion: 1;
  readonly flows: readonly Flow[];
}
interface ByCode {
  readonly schemaVersion: 1;
  readonly code: CodeFlow;
}
type ByPath = PathComparison & { readonly schemaVersion: 1 };

const byTime = s.objectOf<ByTime>({ schemaVersion: s.schemaVersion, flows: s.listOf(flow) }, {});
const byCode = s.objectOf<ByCode>({ schemaVersion: s.schemaVersion, code: codeFlow }, {});
const byPath = s.objectOf<ByPath>(
  {
    schemaVersion: s.schemaVersion,
    backtraces: s.count,
    paths: s.listOf(documentedPath),
    summary: s.objectOf<PathComparison['summary']>(
      { seen: s.count, between: s.count, partly: s.count, 'not-seen': s.count },
      {},
    ),
  },
  {},
);

export const flowsSchema = s.document('flows', 'vhtrace flows --json', {
  anyOf: [
    s.described(byTime, 'flows --by time'),
    s.described(byCode, 'flows --by code'),
    s.described(byPath, 'flows --by path'),
  ],
  $defs: { node, codeNode },
});
