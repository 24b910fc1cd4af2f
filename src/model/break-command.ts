/**
 * What a `break` command asks for: where to stop, and whether every time.
 *
 * Source: gdb/breakpoint.c, break_command_1() and find_condition_and_thread(); gdb/location.c,
 * string_to_explicit_location_spec() (gdb 7 to 18).
 */

/** Where a command sets a breakpoint, and whether it stops there every time. */
export interface BreakCommand {
  /** The function that it stops at the entry of; undefined for source lines and addresses. */
  readonly func: string | undefined;
  /** A condition, or one thread only. */
  readonly narrowed: boolean;
}

/** Reads `b vhost_commit if x`; undefined for other commands. */
export function breakCommand(command: string): BreakCommand | undefined {
  const match = BREAK.exec(command);
  if (match === null) return undefined;
  let rest = (match[1] ?? '').trim();
  const explicit = new Map<string, string>();
  for (let option = OPTION.exec(rest); option !== null; option = OPTION.exec(rest)) {
    const [whole, name = '', value = ''] = option;
    if (name !== '') explicit.set(name.slice(0, 2), value);
    rest = rest.slice(whole.length);
  }
  const [, where = '', behind = ''] =
    explicit.size > 0 || CONDITION.test(rest) ? ['', '', rest] : (/^(\S+)(.*)$/.exec(rest) ?? []);
  const named = explicit.has('li') ? undefined : (explicit.get('fu') ?? functionAt(where));
  return { func: named, narrowed: CONDITION.test(behind.replace(FORCED, '').trim()) };
}

// tbreak, hbreak, thbreak; in gdb's shortest words
const BREAK =
  /^(?:b|br|bre|brea|break|tb|tbr|tbre|tbreak|hb|hbr|hbreak|thb|thbreak)(?:[ \t]+(.*))?$/;

// "-qualified vhost_commit" and "-force-condition" name no place
const OPTION =
  /^-(?:(?:q(?:ualified)?|force-condition)[ \t]+|(fu\w*|so\w*|li\w*|la\w*|probe\S*)[ \t]+(\S+)[ \t]*)/;

const FORCED = /[ \t]-force-condition\b/;

const CONDITION = /^(?:if\b|(?:thread|task|inferior)[ \t])/;

/** "vhost_commit", "vhost.c:vhost_commit", "*vhost_commit", "ns::f"; "vhost.c:989", "*0x5555", "+2" are inside of one. */
function functionAt(where: string): string | undefined {
  return /^(?:[^:*]+:(?!:)|\*)?([A-Za-z_~](?:[\w~<>,*&()$.@]|::)*)$/.exec(where)?.[1];
}
