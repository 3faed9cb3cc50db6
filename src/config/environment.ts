/** The process's environment, as Node gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Only what must not stand in a file that is shown or shared; everything else belongs in the file. */
const USER_VARIABLE = 'KPSS_RPC_USER';
const PASSWORD_VARIABLE = 'KPSS_RPC_PASSWORD';
/** And where the light caches are: for containers and tests, and for the commands that read no file. */
const CACHE_VARIABLE = 'KPSS_CACHE_DIRECTORY';
/** And where found blocks are written down: for containers and tests too. */
export const DATA_VARIABLE = 'KPSS_DATA_DIRECTORY';

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
  const read = (variable: string): EnvironmentValue | undefined => {
    const named = withName(variable, instanceName);
    for (const name of isOnly ? [named, variable] : [named]) {
      const value = env[name];
      if (value !== undefined && value !== '') return { variable: name, value };
    }
    return undefined;
  };
  return { user: read(USER_VARIABLE), password: read(PASSWORD_VARIABLE) };
}

/** The names of the variables that an instance's login may be written to. */
export function loginVariables(instanceName: string, isOnly: boolean): { user: string; password: string } {
  if (isOnly) return { user: USER_VARIABLE, password: PASSWORD_VARIABLE };
  return {
    user: withName(USER_VARIABLE, instanceName),
    password: withName(PASSWORD_VARIABLE, instanceName),
  };
}

/** @returns the variables of a login that have a value, whatever instance they are for */
export function loginVariablesSet(env: Environment): readonly string[] {
  return [USER_VARIABLE, PASSWORD_VARIABLE].flatMap((variable) => setWith(variable, env));
}

/** @returns the variables that say a login without saying of which of several instances */
export function ambiguousVariables(env: Environment): readonly string[] {
  return [USER_VARIABLE, PASSWORD_VARIABLE].filter((variable) => setWith(variable, env).includes(variable));
}

export interface StrayVariable {
  readonly variable: string;
  /** The names that would be read instead. */
  readonly expected: readonly string[];
}

/** @returns the variables whose ending is the name of no instance, so that nothing reads them */
export function strayVariables(env: Environment, instanceNames: readonly string[]): StrayVariable[] {
  return [USER_VARIABLE, PASSWORD_VARIABLE].flatMap((plain) => {
    const named = instanceNames.map((name) => withName(plain, name));
    const expected = instanceNames.length === 1 ? [plain, ...named] : named;
    return setWith(plain, env)
      .filter((variable) => variable !== plain && !named.includes(variable))
      .map((variable) => ({ variable, expected }));
  });
}

/** @returns the folder of light caches that the environment names, or `off`; undefined where it names none */
export function cacheVariableOf(env: Environment): string | undefined {
  const value = env[CACHE_VARIABLE];
  return value === '' ? undefined : value;
}

/** @returns the folder of found blocks that the environment names; undefined where it names none */
export function dataVariableOf(env: Environment): string | undefined {
  const value = env[DATA_VARIABLE];
  return value === '' ? undefined : value;
}

function setWith(beginning: string, env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(beginning) && env[name] !== '' && env[name] !== undefined)
    .sort();
}

function withName(variable: string, instanceName: string): string {
  return `${variable}_${instanceName.toUpperCase().replaceAll('-', '_')}`;
}
