import { EventEmitter } from 'node:events';
import type { InstanceEvents } from './instance-events.ts';
import type { Log } from './mining/ports.ts';

/** A line of the log. */
export interface LogEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** What the line is about, by name; `code` of docs/errors.md where there is one. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** All events of a server, each with its one argument. */
export interface KpssEvents {
  listening: [InstanceEvents['listening']];
  miner: [InstanceEvents['miner']];
  share: [InstanceEvents['share']];
  job: [InstanceEvents['job']];
  tip: [InstanceEvents['tip']];
  block: [InstanceEvents['block']];
  log: [LogEvent];
  /** The server was stopped; nothing comes after it. */
  closed: [Readonly<Record<string, never>>];
}

/** Events whose listeners cannot harm the mining: what one of them throws is a line of the log. */
export abstract class ServerEvents extends EventEmitter<KpssEvents> {
  #log: Log | undefined;
  #sink: Log | undefined;

  /** @param sink where lines go besides the event */
  protected createLog(sink: Log | undefined): Log {
    this.#sink = sink;
    const line = (level: LogEvent['level']) => (fields: object, message: string) => {
      this.#write(level, fields, message);
      if (this.listenerCount('log') === 0) return;
      this.tell('log', { level, message, fields: { ...fields } });
    };
    this.#log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
    return this.#log;
  }

  /** Each listener by itself, unlike `emit`. */
  protected tell<K extends keyof KpssEvents>(name: K, event: KpssEvents[K][0]): void {
    if (this.listenerCount(name) === 0) return;
    for (const listener of this.rawListeners(name)) {
      try {
        const result: unknown = Reflect.apply(listener, this, [event]);
        // Any thenable: a rejection that nobody hears would end the process.
        if (typeof result === 'object' && result !== null)
          Promise.resolve(result).catch((error: unknown) => this.#tellFault(name, error));
      } catch (error) {
        this.#tellFault(name, error);
      }
    }
  }

  #tellFault(name: keyof KpssEvents, error: unknown): void {
    const text = `a listener of ${name} failed; mining goes on`;
    // One of `log` would fail at the line that tells of it, too, and so on.
    if (name === 'log') this.#write('error', { err: error }, text);
    else this.#log?.error({ err: error }, text);
  }

  /** The sink is the program's own, and may fail as a listener may; then nobody is left to tell. */
  #write(level: LogEvent['level'], fields: object, message: string): void {
    try {
      this.#sink?.[level](fields, message);
    } catch {
      // Mining goes on.
    }
  }
}
