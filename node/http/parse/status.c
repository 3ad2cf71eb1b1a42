/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/parse/status.h"

#include <stddef.h>

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {460, "Checksum Mismatch"}, /* from the tus protocol */
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *http_status_reason(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

static const struct {
    int status;
    struct http_status_text text;
} errors[] = {
    {400, {"bad_request", "请求格式不正确。", "The request is malformed."}},
    {401, {"login_needed", "请先登录。", "Log in first."}},
    {404, {"not_found", "没有这个地址。", "There is nothing at this address."}},
    {405, {"method_not_allowed", "这个地址不支持此操作。",
              "This address does not allow that method."}},
    {408, {"timeout", "请求等待超时。", "The request took too long to arrive."}},
    {412, {"precondition_failed", "内容已不是所要求的版本。",
              "What is here is not what the request is meant for."}},
    {413, {"too_large", "发送的内容太大。", "What was sent is too large."}},
    {414, {"uri_too_long", "地址太长。", "The address is too long."}},
    {416, {"range_not_satisfiable", "所请求的范围超出文件。", "The range lies outside the file."}},
    {417, {"expectation_failed", "无法满足请求的期望。", "The expectation can't be met."}},
    {431, {"headers_too_large", "请求头太大。", "The request's header is too large."}},
    {501, {"not_implemented", "服务器不支持此请求。",
              "The server does not know this kind of request."}},
    {503, {"busy", "服务器太忙，请稍后再试。", "The server is too busy: try again in a moment."}},
    {505, {"http_version", "只支持 HTTP/1.0 和 1.1。", "Only HTTP/1.0 and 1.1 are spoken here."}},
    {500, {"internal", "服务器内部错误。", "Something went wrong inside the server."}},
};

const struct http_status_text *http_status_error(int status)
{
    const size_t count = sizeof(errors) / sizeof(errors[0]);
    for (size_t i = 0; i < count; i++)
        if (errors[i].status == status)
            return &errors[i].text;
    return &errors[count - 1].text;
}
