import type { Progress } from './cli/progress.ts';
import type { VerifierEvent } from './kawpow/pool.ts';

/** Whose light caches need no other name than their epoch. */
const USUAL_POW = 'kawpow';

/** Shows the light caches that a verifier builds. */
export interface EpochWatch {
  onEvent(event: VerifierEvent): void;
  /** The verifier is closed: nothing is being built any more. */
  end(): void;
}

/** @param progress where it is shown */
export function watchEpochs(progress: Progress): EpochWatch {
  const building = new Set<string>();
  const show = (label: string, fraction: number): void => {
    building.add(label);
    progress.show(label, fraction);
  };
  const done = (label: string): void => {
    if (building.delete(label)) progress.done(label);
  };
  return {
    onEvent(event) {
      switch (event.kind) {
        case 'epoch-building':
          return show(labelOf(event), 0);
        case 'epoch-progress':
          return show(labelOf(event), event.fraction);
        case 'epoch-ready':
        case 'epoch-failed':
        case 'epoch-dropped':
          return done(labelOf(event));
        case 'cache-file':
        case 'overload':
        case 'worker-crashed':
          return;
        default:
          event satisfies never;
      }
    },
    end() {
      for (const label of building) done(label);
    },
  };
}

function labelOf({ pow, epoch }: { readonly pow: string; readonly epoch: number }): string {
  return `light cache of epoch ${epoch}${pow === USUAL_POW ? '' : ` (${pow})`}`;
}
