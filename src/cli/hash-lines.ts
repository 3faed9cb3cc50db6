import { LINE_CHARS_MAX } from './hash-input.ts';

/**
 * Text cut at line feeds, however it was cut into chunks. The last line needs no line feed. Of a line that is too long,
 * no more than LINE_CHARS_MAX + 1 characters are kept: enough to be told that it is.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let held = '';
  let startsLine = true;
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const pieces = text.split('\n');
    const last = pieces.pop() ?? '';
    for (const piece of pieces) {
      yield cut(held, piece);
      held = '';
      startsLine = true;
    }
    held = cut(held, last);
    if (last !== '') startsLine = false;
  }
  held = cut(held, decoder.decode());
  if (!startsLine || held !== '') yield held;
}

function cut(held: string, more: string): string {
  return (held + more.slice(0, LINE_CHARS_MAX + 1)).slice(0, LINE_CHARS_MAX + 1);
}
