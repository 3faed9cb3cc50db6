/** A size of memory for people, such as `5.7 GiB`. */
export function gibText(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
