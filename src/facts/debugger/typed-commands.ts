/** What the commands of a session do to what it shows afterwards: those typed at the prompt, and those of command lists. */
import type { Chatter, Command, CommandList } from '../../model/record.js';
import type { Breakpoints } from './breakpoints.js';
import {
  aliased,
  conditionalFunction,
  CONTINUES,
  DIRECTION,
  GOES_BACK,
  innerCommand,
  isOpaque,
  LEAVES,
  plainCommand,
  RESUMES,
  SELECTS,
  SELECTS_FRAME,
  STEPS,
  STOPS_LOGGING,
  switchesOff,
  switchesOn,
} from './commands.js';
import type { DebuggerPosition } from './position.js';
import { plainName } from '../functions.js';
import { numbersOf } from './listed-breakpoints.js';
import type { StepMaker } from '../step-maker.js';
import type { Alteration } from '../step.js';

/** The session in which the commands are typed. */
export interface CommandSession {
  /** What follows is of another process. */
  readonly newSession: () => void;
  /** The stop above still waits for its backtrace. */
  readonly isStopOpen: () => boolean;
}

export class TypedCommands {
  /** `continue` and the like run the program backwards. */
  private goesBack = false;
  /** Where the program stands it came to by going backwards. */
  private wentBack = false;
  /** Commands that the log itself defines: what they do was seen. */
  private readonly defined = new Set<string>();
  /** Line of the `continue` that let the program go, as long as nothing was shown since that it came to. */
  private letGoAt: number | undefined;
  /** Something was shown since the last command. */
  private isAnswered = true;

  constructor(
    private readonly maker: StepMaker,
    private readonly position: DebuggerPosition,
    private readonly around: CommandSession,
  ) {}

  /** What is shown now answers a command. */
  get isAsked(): boolean {
    return !this.isAnswered;
  }

  /** Something is shown that the program came to. */
  onShown(): void {
    this.letGoAt = undefined;
    this.isAnswered = true;
  }

  /** `Continuing.` is said of what somebody types: there a stop may be left out by whoever pasted the session. */
  onChatter({ span, wraps }: Chatter): void {
    if (span.first - 1 !== this.letGoAt) return;
    this.letGoAt = wraps === true ? span.last : undefined;
  }

  /** Takes a command; true for one that lets the program go on. `breakpoints`: those of the debugger it was typed in. */
  onCommand(record: Command, breakpoints: Breakpoints): boolean {
    const { list, span } = record;
    const command = record.text.trim();
    if (list !== undefined) {
      // The machine interface prints a list on one line.
      for (const line of command.split('\n')) {
        this.onListed(list, line.trim(), span.first, breakpoints);
      }
      return false;
    }
    const text = innerCommand(plainCommand(command));
    const alteration = this.maker.alterations.isMadeBy(text)
      ? { line: span.first, command }
      : undefined;
    breakpoints.onCommand(text);
    this.maker.alterations.onDisplay(text, span.first);
    this.position.wasAsked = true;
    this.isAnswered = false;
    this.goesBack = (DIRECTION.exec(text)?.[1] ?? (this.goesBack ? 'reverse' : '')) === 'reverse';
    if (STOPS_LOGGING.test(text)) this.maker.lose('the log of gdb was switched off', span.first);
    // It stopped in between, at a breakpoint whose commands, told by `set trace-commands on`, showed nothing of it.
    if (this.letGoAt !== undefined && CONTINUES.test(text))
      this.maker.lose('a stop of which gdb shows nothing', span.first);
    const resumes = RESUMES.test(text);
    if (resumes) {
      this.letGoAt = CONTINUES.test(text) ? span.first : undefined;
      this.onLeap(text);
      this.position.resume(STEPS.test(text));
    } else if (SELECTS.test(text)) {
      this.position.otherSelected = true;
    } else if (SELECTS_FRAME.test(text)) {
      this.position.frameSelected = true;
    }
    if (alteration !== undefined) this.onAlteration(alteration);
    const conditional = conditionalFunction(text);
    if (conditional !== undefined) breakpoints.onConditional(plainName(conditional));
    const alias = aliased(text);
    if (alias !== undefined) {
      const list = { breakpoints: [], definition: alias.name };
      this.onListed(list, alias.to, span.first, breakpoints);
    }
    this.onNarrowing(text, breakpoints);
    return resumes;
  }

  /** Commands that switch breakpoints on or off, or may do so. */
  private onNarrowing(text: string, breakpoints: Breakpoints): void {
    const enabled = switchesOn(text);
    if (enabled !== undefined)
      this.maker.enable(enabled === 'all' ? undefined : new Set(numbersOf(enabled)));
    const narrowed = switchesOff(text);
    if (narrowed !== undefined)
      this.maker.narrow(narrowed === 'all' ? undefined : new Set(numbersOf(narrowed)));
    else if (isOpaque(text) && !this.defined.has(/^[\w-]*/.exec(text)?.[0] ?? '')) {
      breakpoints.onDoubt();
    }
  }

  /**
   * What happens up to the next stop nobody sees, or it happened in another order: nothing that was known is known
   * any more. Each stop that the program comes to backwards stands for itself.
   */
  private onLeap(text: string): void {
    const isBack = this.goesBack || GOES_BACK.test(text);
    const isLeap = isBack || this.wentBack || LEAVES.test(text);
    this.wentBack = isBack;
    if (isLeap && this.maker.sessions.isUsed) this.around.newSession();
  }

  /** What was altered is the call that the debugger stands in; what comes of it is nobody's fault but its own. */
  private onAlteration(alteration: Alteration): void {
    if (this.around.isStopOpen()) this.maker.alterations.hold(alteration);
    else this.maker.alterLast(alteration);
  }

  /** A command that runs later, at each hit of its breakpoints or when its definition is called. */
  private onListed(list: CommandList, text: string, line: number, breakpoints: Breakpoints): void {
    const inner = innerCommand(text);
    this.maker.alterations.onListed(list, inner, line);
    breakpoints.onListed(list.breakpoints, text);
    if (list.definition !== undefined) this.defined.add(list.definition);
    if (GOES_BACK.test(inner)) this.maker.narrow();
    this.onNarrowing(inner, breakpoints);
  }
}
