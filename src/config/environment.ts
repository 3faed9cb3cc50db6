/** The process's environment, as Node gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Only what must not stand in a file that is shown or shared; everything else belongs in the file. */
const USER_VARIABLE = 'KPSS_RPC_USER';
const PASSWORD_VARIABLE = 'KPSS_RPC_PASSWORD';

export interface EnvironmentValue {
  /** For messages; the value is never shown. */
  readonly variable: string;
  readonly value: string;
}

export interface RpcLogin {
  readonly user: EnvironmentValue | undefined;
  readonly password: EnvironmentValue | undefined;
}

/**
 * The RPC login that the environment has for an instance. With one instance `KPSS_RPC_USER` and `KPSS_RPC_PASSWORD`
 * count; with several, and also with one, those that end with the instance's name: `KPSS_RPC_PASSWORD_RAVENCOIN_TEST`.
 */
export function rpcLoginOf(env: Environment, instanceName: string, isOnly: boolean): RpcLogin {
  const ending = instanceName.toUpperCase().replaceAll('-', '_');
  const read = (variable: string): EnvironmentValue | undefined => {
    for (const name of isOnly ? [`${variable}_${ending}`, variable] : [`${variable}_${ending}`]) {
      const value = env[name];
      if (value !== undefined && value !== '') return { variable: name, value };
    }
    return undefined;
  };
  return { user: read(USER_VARIABLE), password: read(PASSWORD_VARIABLE) };
}

/** @returns the variables that say a login without saying of which of several instances */
export function ambiguousVariables(env: Environment): readonly string[] {
  return [USER_VARIABLE, PASSWORD_VARIABLE].filter((name) => (env[name] ?? '') !== '');
}
