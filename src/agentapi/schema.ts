// Generated from openapi.json by openapi-typescript: run `npm run generate` instead of editing.

export interface paths {
    "/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Is the agent working or waiting? */
        get: operations["readStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole conversation, oldest first */
        get: operations["listMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/message": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say something to the agent, or press keys in its terminal */
        post: operations["sendMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Server-sent events: first what happened so far, then each change as it comes */
        get: operations["followEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put a file (up to 10 MiB) where the agent can read it */
        post: operations["uploadFile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description `running` while the screen changes or a message is on its way; `stable` when the agent waits for input.
         * @enum {string}
         */
        AgentStatus: "running" | "stable";
        /**
         * @description Who spoke.
         * @enum {string}
         */
        Role: "user" | "agent";
        Status: {
            status: components["schemas"]["AgentStatus"];
            /** @description The kind of agent that the server was started for, such as `amp`. */
            agent_type: string;
            /**
             * @description How the server talks to the agent. Older releases do not say; their only way is the terminal.
             * @enum {string}
             */
            transport?: "pty" | "acp";
        };
        Message: {
            /**
             * Format: int64
             * @description Place in the conversation, counted from 0.
             */
            id: number;
            role: components["schemas"]["Role"];
            /** @description The text; an agent's is cut out of its screen, so its lines are as wide as the terminal. */
            content: string;
            /**
             * Format: date-time
             * @description RFC 3339.
             */
            time: string;
        };
        Messages: {
            messages: components["schemas"]["Message"][];
        };
        NewMessage: {
            content: string;
            /**
             * @description `user` is a turn of the conversation and needs a `stable` agent; `raw` is written to the terminal as keystrokes and leaves no trace in the history.
             * @enum {string}
             */
            type: "user" | "raw";
        };
        Accepted: {
            ok: boolean;
        };
        Uploaded: {
            ok: boolean;
            /** @description Absolute path on the server's machine. */
            filePath: string;
        };
        /** @description Data of the event `message_update`: a message is new, or its text has changed. */
        MessageUpdate: {
            /**
             * Format: int64
             * @description Place in the conversation, counted from 0.
             */
            id: number;
            role: components["schemas"]["Role"];
            /** @description The whole text as it is now, not a difference. */
            message: string;
            /**
             * Format: date-time
             * @description RFC 3339.
             */
            time: string;
        };
        /** @description Data of the event `status_change`. */
        StatusChange: {
            status: components["schemas"]["AgentStatus"];
            /** @description Left out by older releases. */
            agent_type?: string;
        };
        /** @description Data of the event `agent_error`: something failed outside any request, such as loading saved state. */
        AgentFault: {
            message: string;
            /** @enum {string} */
            level: "error" | "warning";
            /**
             * Format: date-time
             * @description RFC 3339.
             */
            time: string;
        };
        /** @description Problem details. `errors[].value` repeats what was sent, so it must not reach a log. */
        Problem: {
            type?: string;
            /** @description The status in words. */
            title?: string;
            status?: number;
            /** @description What happened, for people. */
            detail?: string;
            errors?: {
                message?: string;
                /** @description The field, such as `body.type`. */
                location?: string;
                value?: unknown;
            }[] | null;
        };
    };
    responses: {
        /** @description What went wrong, as RFC 9457 problem details. */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The agent's state at this moment. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listMessages: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every message so far. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Messages"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    sendMessage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMessage"];
            };
        };
        responses: {
            /** @description Delivered: the agent reacted to a user message, or the keys were written. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    followEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream that ends only when the server or the reader closes it. Each data field is one of the listed objects, told apart by the event's name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["MessageUpdate"] | components["schemas"]["StatusChange"] | components["schemas"]["AgentFault"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    uploadFile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** @description The file's bytes; the part's file name is kept. */
                    file: string;
                };
            };
        };
        responses: {
            /** @description Stored until the server stops. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Uploaded"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
}
