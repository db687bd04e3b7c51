/* SPDX-License-Identifier: MIT */
#include "server/request.h"

#include <stdlib.h>
#include <string.h>

#include "server/throttle.h"

struct request *request_new(struct server *server, const char *target_text)
{
    struct request *request = calloc(1, sizeof(*request));
    if (request == NULL)
        return NULL;
    *request = (struct request){ .server = server,
        .answer = ANSWER_INIT,
        .upload = UPLOAD_INIT,
        .started_ns = throttle_now_ns() };
    request->target_text = strdup(target_text);
    if (request->target_text == NULL) {
        free(request);
        return NULL;
    }
    return request;
}

void request_free(struct request *request)
{
    if (request == NULL)
        return;
    upload_abort(&request->upload);
    strbuf_free(&request->body);
    answer_free(&request->answer);
    target_free(&request->target);
    route_free(&request->route);
    fault_plan_free(&request->faults);
    free(request->target_text);
    free(request);
}
