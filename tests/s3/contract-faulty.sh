#!/bin/bash
# SPDX-License-Identifier: MIT
# The contract of core/remote/remote.h over S3, with faults injected that the retry layer has to hide.
. "$(dirname "$0")/lib-s3.sh"
start_swift
contract faulty
