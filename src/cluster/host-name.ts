/** Names that an ExternalName Service may stand for. */

/** Characters without the dot at the end (RFC 1123). */
const HOST_NAME_LENGTH = 253;
/** More than Kubernetes takes today: capitals, underscores, and a dot at the end. */
const HOST_NAME = /^[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*\.?$/i;

/** True for a name of a host as Kubernetes has ever taken one. */
export function isHostName(text: string): boolean {
  return text.length <= HOST_NAME_LENGTH + 1 && HOST_NAME.test(text);
}
