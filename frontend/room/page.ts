/** What the page said once at its start and calls need ever after. */
export const page = { csrf: "", me: "" };

/** The login that this page was made with is over, or somebody else has signed in on this browser since. */
export type Ended = "signedout" | "another";

export function endedLogin(reply: { status: number; error: { code: string } | null }): Ended | null {
  const code = reply.error ? reply.error.code : "";
  if (code === "another_person") return "another";
  // An old token: the cookies were cleared.
  return reply.status === 401 || code === "csrf" ? "signedout" : null;
}
