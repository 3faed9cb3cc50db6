import type { z } from 'zod';
import type {
  instanceSchema,
  logSchema,
  nodeSchema,
  payoutSchema,
  placesSchema,
  recipientSchema,
  throttleSchema,
  tipsSchema,
  verifierSchema,
  webSchema,
} from './schema.ts';
import type { banningSchema, limitsSchema, vardiffSchema } from './stratum-schema.ts';

// The shape of kpss.yaml as types, for programs that write their settings down in code.

/** A port for miners; several ports each have these of their own. */
export interface PortSettings {
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  /** Fixed; or `vardiff`. */
  readonly difficulty?: number;
  readonly vardiff?: Readonly<z.input<typeof vardiffSchema>>;
  /** true makes a certificate of its own; the files otherwise. */
  readonly tls?: boolean | { readonly certificate: string; readonly key: string };
  /** Addresses that send PROXY headers, and whose headers are believed. */
  readonly proxies?: readonly string[];
}

/** The miners' side of an instance. */
export interface StratumSettings extends PortSettings {
  readonly ports?: readonly PortSettings[];
  readonly limits?: Readonly<z.input<typeof limitsSchema>>;
  /** Without the old server's names. */
  readonly banning?: Readonly<Omit<z.input<typeof banningSchema>, 'time' | 'purgeInterval'>>;
  readonly login?: { readonly password?: string; readonly allow?: readonly string[] };
}

/** One coin on one network. */
export interface InstanceSettings extends Pick<z.input<typeof instanceSchema>, 'name' | 'coin' | 'network'> {
  readonly node?: z.input<typeof nodeSchema> | undefined;
  readonly nodes?: readonly z.input<typeof nodeSchema>[];
  readonly tips?: z.input<typeof tipsSchema>;
  readonly throttle?: z.input<typeof throttleSchema>;
  readonly payout?: Omit<z.input<typeof payoutSchema>, 'recipients'> & {
    readonly recipients?: readonly z.input<typeof recipientSchema>[];
  };
  readonly stratum?: StratumSettings;
}

interface SharedSettings extends z.input<typeof placesSchema> {
  readonly verifier?: z.input<typeof verifierSchema>;
  readonly web?: z.input<typeof webSchema> | 'off';
  readonly log?: z.input<typeof logSchema>;
}

/** What kpss.yaml may have: one instance at the top, or a list of them; docs/operations.md explains each setting. */
export type KpssSettings = SharedSettings &
  (InstanceSettings | { readonly instances: readonly InstanceSettings[] });
