/**
 * What the first sight of a room can do without, as one file that is fetched a little later: the phone's first load
 * stays small. (One file on purpose: several would make the builder split the shared parts off the entry, too.)
 */
export { call } from "./api";
export { Desk } from "./desk";
export { sendByHttp } from "./fallback";
export { AgreementSheet } from "./sheet";
export { shrink } from "./shrink";
export { Stopped } from "./stopped";
