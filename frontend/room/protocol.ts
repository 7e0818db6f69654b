/** The types of `odr.v1` (docs/protocol.md) and of what the room page hands over at its start. */

export type Audience = "joint" | "private" | "notes";
export type Role = "applicant" | "respondent" | "agent" | "mediator" | "clerk" | "invited";
export type Right = "say" | "file" | "recall";

export interface FileRef {
  id: string;
  name: string;
  mime: string;
  size: number;
  width?: number | null;
  height?: number | null;
  sha256: string;
}

export interface Author {
  id: string;
  name: string;
  role: Role;
}

/** One row of a transcript. `body` is empty once the line is recalled. */
export interface Line {
  seq: number;
  kind: "text" | "file" | "system" | "proposal" | "recall";
  id?: string | null;
  by: Author | null;
  at: string;
  recalled?: boolean;
  body: {
    text?: string | null;
    file?: FileRef | null;
    tag?: string;
    link?: string | null;
    agreement?: string;
    clause?: string;
    version?: number;
    seq?: number;
  };
}

export interface Member {
  id: string;
  name: string;
  role: Role;
  role_label: string;
  here: boolean;
}

export type ClientFrame =
  | { t: "join"; room: string; epoch?: string; seq?: number }
  | { t: "leave"; room: string }
  | { t: "say"; room: string; id: string; kind?: "text" | "file"; text?: string; file?: string; at?: string }
  | { t: "recall"; room: string; id: string; seq: number }
  | { t: "read"; room: string; seq: number }
  | { t: "typing"; room: string }
  | { t: "history"; room: string; before?: number; after?: number; limit?: number }
  | { t: "ping"; n?: number };

export interface RoomFrame {
  t: "room";
  room: string;
  case: string;
  kind: Audience;
  label: string;
  audience: string;
  epoch: string;
  head: number;
  can: Right[];
  members: Member[];
  read: Record<string, number>;
}

export interface LinesFrame {
  t: "lines";
  room: string;
  epoch: string;
  lines: Line[];
  from: "join" | "history" | "live";
  more: boolean;
}

export interface ErrorFrame {
  t: "error";
  code: string;
  say: string;
  re?: string | null;
  room?: string | null;
  retry?: number | null;
}

export type ServerFrame =
  | { t: "welcome"; v: number; me: { id: string; name: string }; at: string; heartbeat: number }
  | RoomFrame
  | LinesFrame
  | { t: "said"; room: string; id: string; seq: number; at: string }
  | { t: "read"; room: string; who: string; seq: number }
  | { t: "typing"; room: string; who: string }
  | { t: "presence"; case: string; here: string[] }
  | { t: "changed"; case: string; what: string }
  | { t: "gone"; room: string }
  | { t: "resync"; room: string; epoch: string; head: number }
  | ErrorFrame
  | { t: "pong"; n?: number | null };

export const CLOSE = {
  tooBig: 1009,
  restart: 1012,
  signedOut: 4401,
  refused: 4403,
  late: 4408,
  tooMany: 4429,
} as const;

export interface BootRoom {
  id: string;
  kind: Audience;
  label: string;
  audience: string;
  with?: string | null;
}

export interface AgreementBrief {
  id: string;
  state: string;
  accepted: number;
  total: number;
  my_turn: boolean;
}

/** The JSON in `#room-boot`. */
export interface Boot {
  me: { id: string; name: string };
  case: { id: string; no: string | null; title: string; state: string; state_label: string };
  rooms: BootRoom[];
  layout: "phone" | "desk";
  csrf: string;
  locale: string;
  catalogue: Record<string, string>;
  upload_max: number;
  links: { case: string; agreement?: string | null; file?: string | null; search: string; signin: string; call?: string | null };
  agreement: AgreementBrief | null;
}

export interface Answer {
  party: string;
  answer: "accept" | "change" | "reject";
  comment?: string | null;
  /** The comment is for the mediator alone. */
  private?: boolean;
}

export interface Clause {
  id: string;
  ordinal: number;
  text: string;
  version?: number;
  obligor?: { name: string } | null;
  obligee?: { name: string } | null;
  amount_fen?: number | null;
  /** The day in words. */
  due?: string;
  manner?: string;
  place?: string;
  /** Since when and how often a lasting duty is kept, in words. */
  begins?: string;
  recurring?: string;
  account?: string;
  answers: Answer[];
}

export interface PartyView {
  id: string;
  name: string;
  role: Role;
  side?: string | null;
  /** The person behind the party, where it is not the party's own id; presence speaks of persons. */
  person?: string | null;
  /** This is the reader's own side. */
  me?: boolean;
  here?: boolean;
  gates?: Record<string, boolean>;
}

/** `GET /api/v1/cases/{case}`, as far as the room shows it. */
export interface CaseView {
  id: string;
  no: string | null;
  title: string;
  state: string;
  state_label: string;
  next?: { text: string; whose?: string | null; due?: string | null } | null;
  parties: PartyView[];
  agreement?: {
    id: string;
    state: string;
    version?: number;
    accepted?: number;
    total?: number;
    my_turn?: boolean;
    clauses: Clause[];
  } | null;
  links?: { text: string; href: string }[];
  rooms?: BootRoom[];
}
