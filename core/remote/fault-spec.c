/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/remote/fault-internal.h"

static const struct error_name {
    const char *name;
    int error;
} error_names[] = {
    { "EIO", -EIO },
    { "ETIMEDOUT", -ETIMEDOUT },
    { "EHOSTUNREACH", -EHOSTUNREACH },
    { "EACCES", -EACCES },
    { "ENOENT", -ENOENT },
    { "ESTALE", -ESTALE },
    { "ENOSPC", -ENOSPC },
    { "EEXIST", -EEXIST },
};

static bool parse_number(const char *text, uint64_t *ret_number)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *ret_number = number;
    return true;
}

static bool parse_operation(const char *text, struct fault_rule *rule)
{
    for (unsigned i = 0; i < REMOTE_OPERATIONS; i++)
        if (strcmp(text, remote_operation_name((enum remote_operation)i)) == 0) {
            rule->operation = i;
            return true;
        }
    rule->operation = FAULT_ANY;
    return strcmp(text, "any") == 0;
}

/* Splits `text` at its first `c`. NULL when there is none. */
static char *split(char *text, char c)
{
    char *rest = strchr(text, c);
    if (rest != NULL)
        *rest++ = '\0';
    return rest;
}

static bool parse_when(char *text, struct fault_rule *rule)
{
    rule->when = FAULT_RANGE;
    if (strcmp(text, "*") == 0) {
        rule->last = UINT64_MAX;
        return true;
    }
    if (text[0] == '%') {
        rule->when = FAULT_EVERY;
        return parse_number(text + 1, &rule->first) && rule->first > 0;
    }
    if (text[0] == 'p') {
        rule->when = FAULT_CHANCE;
        return parse_number(text + 1, &rule->first) && rule->first <= 100;
    }
    char *last = split(text, '-');
    if (!parse_number(text, &rule->first))
        return false;
    rule->last = rule->first;
    return last == NULL || parse_number(last, &rule->last);
}

static bool parse_error(char *text, struct fault_rule *rule)
{
    size_t len = strlen(text);
    rule->lasting = len > 0 && text[len - 1] == '!';
    if (rule->lasting)
        text[len - 1] = '\0';
    for (size_t i = 0; i < sizeof(error_names) / sizeof(error_names[0]); i++)
        if (strcmp(text, error_names[i].name) == 0) {
            rule->error = error_names[i].error;
            return true;
        }
    return false;
}

static bool parse_action(char *text, struct fault_rule *rule)
{
    char *value = split(text, '=');
    if (value == NULL) {
        rule->action = FAULT_FAIL;
        return parse_error(text, rule);
    }
    if (strcmp(text, "lost") == 0) {
        rule->action = FAULT_LOST;
        return parse_error(value, rule);
    }
    if (strcmp(text, "short") == 0)
        rule->action = FAULT_SHORT;
    else if (strcmp(text, "delay") == 0)
        rule->action = FAULT_DELAY;
    else
        return false;
    return parse_number(value, &rule->value);
}

static bool parse_rule(char *text, struct fault_rule *rule)
{
    char *when = split(text, ':');
    char *action = when == NULL ? NULL : split(when, ':');
    *rule = (struct fault_rule){ 0 };
    return action != NULL && parse_operation(text, rule) && parse_when(when, rule) &&
           parse_action(action, rule);
}

int fault_parse(
    const char *spec, struct fault_rule rules[REMOTE_FAULT_RULES_MAX], char *why, size_t why_size)
{
    CLEANUP_FREE char *copy = strdup(spec);
    int count = 0;
    if (copy == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return -ENOMEM;
    }
    for (char *rule = copy; rule != NULL && *rule != '\0';) {
        char *next = split(rule, ',');
        if (count == REMOTE_FAULT_RULES_MAX || !parse_rule(rule, &rules[count])) {
            (void)snprintf(
                why, why_size, "rule %d of '%s' is not operation:when:action", count + 1, spec);
            return -EINVAL;
        }
        count++;
        rule = next;
    }
    return count;
}
