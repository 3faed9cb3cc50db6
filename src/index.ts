// What programs that use KPSS as a library see of it: `import { createServer } from 'kpss'`. docs/library.md explains it.

export type { InstanceChange } from './app.ts';
export type { Authorize, LoginAnswer, LoginRequest } from './authorize.ts';
export type { InstanceSettings, KpssSettings, PortSettings, StratumSettings } from './config/settings.ts';
export { createServer } from './create-server.ts';
export { KpssError } from './error.ts';
export type {
  BlockEvent,
  JobEvent,
  ListeningEvent,
  MinerEvent,
  ShareEvent,
  TipEvent,
} from './instance-events.ts';
export type { KpssServer, ReloadResult, ServerHooks } from './kpss-server.ts';
export type { KpssEvents, LogEvent } from './server-events.ts';
export type { ApiStatus } from './web/api-types.ts';
