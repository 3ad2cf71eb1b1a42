// SPDX-License-Identifier: GPL-3.0-or-later
import '../lib/page.css';
import { openStaffPage } from '../lib/staff_page';
import { OperatorPage } from './operator_page';

openStaffPage('operator', (user) => <OperatorPage user={user} />);
