/** What the page said once at its start and calls need ever after. */
export const page = { csrf: "" };

/** True when the person must sign in again, or has done so elsewhere and this page still holds the old token. */
export function endedLogin(reply: { status: number; error: { code: string } | null }): boolean {
  return reply.status === 401 || (reply.error !== null && reply.error.code === "csrf");
}
